"""Tests of the networks: what holds for all of them, and for each."""

from __future__ import annotations

import pytest
import torch

from roadseg_core.models import NetworkError, build_network
from roadseg_core.models.mobilenet_v1 import ENDPOINTS, MobileNetV1Stem


class NetworkContract:
    """What every network keeps; a subclass gives its name and small arguments."""

    name: str
    arguments: dict[str, object]
    classes: int

    def build(self) -> torch.nn.Module:
        torch.manual_seed(0)
        return build_network(self.name, self.arguments)

    @pytest.mark.parametrize('size', [(64, 96), (32, 64)])
    def test_scores_every_pixel(self, size: tuple[int, int]) -> None:
        scores = self.build().eval()(torch.zeros(2, 3, *size))
        assert scores.shape == (2, self.classes, *size)

    def test_gradients_reach_every_parameter(self) -> None:
        network = self.build()
        network(torch.randn(2, 3, 64, 64)).square().mean().backward()
        missing = [name for name, p in network.named_parameters() if p.grad is None]
        assert not missing

    def test_refuses_an_illegal_size_and_names_a_legal_one(self) -> None:
        with pytest.raises(ValueError, match='for example 64x96'):
            self.build()(torch.zeros(1, 3, 65, 95))

    def test_says_its_classes(self) -> None:
        assert self.build().classes == self.classes


class TestMobileNetFCN(NetworkContract):
    name = 'mobilenet_fcn'
    arguments = {'classes': 3, 'depth_multiplier': 0.1, 'classifier_kernel': 3,
                 'classifier_depth': 16}
    classes = 3

    @pytest.mark.parametrize(('endpoint', 'stride'), [
        ('Conv2d_13_pointwise', 32), ('Conv2d_12_pointwise', 32), ('Conv2d_11_pointwise', 16),
        ('Conv2d_6_pointwise', 16), ('Conv2d_5_pointwise', 8), ('Conv2d_0', 2)])
    def test_stride_follows_the_endpoint(self, endpoint: str, stride: int) -> None:
        network = build_network(self.name, {**self.arguments, 'final_endpoint': endpoint}).eval()
        assert network.stride == stride
        assert network.upsampling.kernel_size == (2 * stride, 2 * stride)
        assert network(torch.zeros(1, 3, 64, 32)).shape == (1, 3, 64, 32)

    def test_the_published_size_has_the_published_layers(self) -> None:
        network = build_network(self.name, {'classes': 7, 'depth_multiplier': 0.5})
        convolutions = [m for m in network.head if isinstance(m, torch.nn.Conv2d)]
        assert [m.weight.shape for m in convolutions] == [
            (512, 1, 7, 7), (1024, 512, 1, 1), (7, 1024, 1, 1)]
        assert network.upsampling.weight.shape == (7, 7, 64, 64)

    @pytest.mark.parametrize(('argument', 'value'), [
        ('depth_multiplier', 0.0), ('classifier_kernel', 4), ('classifier_depth', 0),
        ('dropout', 1.0), ('final_endpoint', 'Conv2d_14')])
    def test_refuses_an_illegal_argument(self, argument: str, value: object) -> None:
        with pytest.raises(NetworkError, match=argument):
            build_network(self.name, {**self.arguments, argument: value})


class TestUNet(NetworkContract):
    name = 'unet'
    arguments = {'out_channels': 2, 'filters': 2}
    classes = 2

    def test_has_the_published_number_of_parameters(self) -> None:
        network = build_network('unet', {'in_channels': 3, 'out_channels': 1, 'filters': 8})
        assert sum(p.numel() for p in network.parameters() if p.requires_grad) == 485_817

    def test_computes_the_same_in_training_and_inference(self) -> None:
        network = self.build()
        images = torch.randn(1, 3, 32, 32)
        assert torch.equal(network.train()(images), network.eval()(images))


def test_stem_pads_strides_at_the_bottom_and_right() -> None:
    stem = MobileNetV1Stem(depth_multiplier=0.25, final_endpoint='Conv2d_0', folded=True)
    with torch.no_grad():
        stem.layers.Conv2d_0.conv.weight.zero_()
        stem.layers.Conv2d_0.conv.weight[:, 0, 0, 0] = 1.0
    images = torch.arange(64.0).reshape(1, 1, 8, 8).repeat(1, 3, 1, 1) / 64
    assert torch.equal(stem(images)[0, 0], images[0, 0, ::2, ::2])


def test_folded_stem_has_no_batch_norm() -> None:
    for folded in (True, False):
        stem = MobileNetV1Stem(depth_multiplier=0.25, folded=folded)
        norms = [m for m in stem.modules() if isinstance(m, torch.nn.BatchNorm2d)]
        assert len(norms) == (0 if folded else 27)
    assert len(ENDPOINTS) == 14


def test_unknown_names_are_refused() -> None:
    with pytest.raises(NetworkError, match='mobilenet_fcn'):
        build_network('resnet', {})
    with pytest.raises(NetworkError, match='width'):
        build_network('unet', {'width': 3})
