"""Tests of the networks: what holds for all of them, and for each."""

from __future__ import annotations

import inspect
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from roadseg_core.budget.operations import build_for_counting, count_operations
from roadseg_core.export.run import build_onnx
from roadseg_core.geometry import Geometry
from roadseg_core.labels import SEVEN
from roadseg_core.models import NETWORKS, NetworkError, build_network
from roadseg_core.models.auxiliary import split_output
from roadseg_core.models.preprocessing import normalize


class NetworkContract:
    """
    Keep every network to the same rules.

    A subclass gives its name, small arguments for seven classes, the arguments of the size that
    its docstring names and the parameters it then has.
    """

    name: str
    arguments: dict[str, object]
    full: dict[str, object]
    parameters: int
    sizes: tuple[tuple[int, int], ...] = ((64, 96), (32, 64))
    takes_any_size = False

    def build(self) -> nn.Module:
        torch.manual_seed(0)
        return build_network(self.name, self.arguments)

    def test_scores_every_pixel_and_learns(self) -> None:
        network = self.build()
        assert network.classes == 7
        for size in self.sizes:
            network.zero_grad(set_to_none=True)
            scores, auxiliary = split_output(network.train()(torch.randn(2, 3, *size)))
            sum((s * torch.randn_like(s)).mean() for s in (scores, *auxiliary)).backward()
            assert {s.shape for s in (scores, *auxiliary)} == {(2, 7, *size)}
            assert not [name for name, p in network.named_parameters() if p.grad is None]

    def test_has_the_documented_number_of_parameters(self) -> None:
        network = build_for_counting(self.name, self.full)
        assert sum(p.numel() for p in network.parameters()) == self.parameters
        assert f'{self.parameters:,} parameters' in type(network).__doc__

    def test_refuses_an_illegal_size_and_names_a_legal_one(self) -> None:
        network = self.build().eval()
        if self.takes_any_size:
            assert network(torch.zeros(1, 3, 65, 95)).shape == (1, 7, 65, 95)
            return
        with pytest.raises(ValueError, match='for example 64x96'):
            network(torch.zeros(1, 3, 65, 95))

    def test_refuses_no_classes(self) -> None:
        argument = 'out_channels' if self.name == 'unet' else 'classes'
        with pytest.raises(NetworkError, match=f'{argument} 0.*at least 1'):
            build_network(self.name, {**self.arguments, argument: 0})

    def test_is_saved_and_loaded(self, tmp_path: Path) -> None:
        network = self.build()
        save_file(network.state_dict(), tmp_path / 'network.safetensors')
        other = build_network(self.name, self.arguments)
        other.load_state_dict(load_file(tmp_path / 'network.safetensors'))
        images = torch.randn(1, 3, 32, 64)
        assert torch.equal(network.eval()(images), other.eval()(images))

    def test_exported_it_labels_the_same_pixels(self) -> None:
        network = self.build()
        for module in network.modules():  # Let one batch set what batch norm knows.
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        network.train()(torch.randn(4, 3, 64, 64))
        for parameter in network.parameters():
            if not parameter.any():  # What starts at zero would hide what feeds it.
                nn.init.normal_(parameter, std=0.3)
        network.eval()
        size = (60, 83) if self.takes_any_size else (64, 96)
        model = build_onnx(network, label_map=SEVEN, geometry=Geometry('stretch', size))
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), providers=['CPUExecutionProvider']
        )
        frames = np.random.default_rng(0).integers(0, 256, (2, *size, 3), np.uint8)
        labels = session.run(['labels'], {'frames': frames})[0]
        with torch.inference_mode():
            expected = network(normalize(torch.from_numpy(frames))).argmax(1).numpy()
        assert (labels == expected).mean() > 0.999
        assert len(np.unique(expected)) > 1


class TestMobileNetFCN(NetworkContract):
    name = 'mobilenet_fcn'
    arguments = {'depth_multiplier': 0.1, 'classifier_kernel': 3, 'classifier_depth': 16}
    full = {'depth_multiplier': 0.5}
    parameters = 1_578_919

    @pytest.mark.parametrize(
        ('endpoint', 'stride'),
        [
            ('Conv2d_13_pointwise', 32),
            ('Conv2d_12_pointwise', 32),
            ('Conv2d_11_pointwise', 16),
            ('Conv2d_6_pointwise', 16),
            ('Conv2d_5_pointwise', 8),
            ('Conv2d_0', 2),
        ],
    )
    def test_stride_follows_the_endpoint(self, endpoint: str, stride: int) -> None:
        network = build_network(self.name, {**self.arguments, 'final_endpoint': endpoint}).eval()
        assert network.stride == stride
        assert network.upsampling.kernel_size == (2 * stride, 2 * stride)
        assert network(torch.zeros(1, 3, 64, 32)).shape == (1, 7, 64, 32)

    def test_the_published_size_has_the_published_layers(self) -> None:
        network = build_for_counting(self.name, {'classes': 7, 'depth_multiplier': 0.5})
        convolutions = [m for m in network.head if isinstance(m, nn.Conv2d)]
        assert [m.weight.shape for m in convolutions] == [
            (512, 1, 7, 7),
            (1024, 512, 1, 1),
            (7, 1024, 1, 1),
        ]
        assert network.upsampling.weight.shape == (7, 7, 64, 64)

    @pytest.mark.parametrize(
        ('argument', 'value'),
        [
            ('depth_multiplier', 0.0),
            ('classifier_kernel', 4),
            ('classifier_depth', 0),
            ('dropout', 1.0),
            ('final_endpoint', 'Conv2d_14'),
            ('skip_stride', 4),
            ('skip_stride', 32),
        ],
    )
    def test_refuses_an_illegal_argument(self, argument: str, value: object) -> None:
        with pytest.raises(NetworkError, match=argument):
            build_network(self.name, {**self.arguments, argument: value})


class TestMobileNetFCN8s(NetworkContract):
    name = 'mobilenet_fcn'
    arguments = {**TestMobileNetFCN.arguments, 'folded': True, 'skip_stride': 8}
    full = {'depth_multiplier': 0.5, 'skip_stride': 8}
    parameters = 1_395_029

    @pytest.mark.parametrize('stride', [16, 8])
    def test_starts_as_the_network_without_skips(self, stride: int) -> None:
        network = build_network(self.name, {**self.arguments, 'skip_stride': stride}).eval()
        images = torch.randn(1, 3, 64, 96)
        scores = network.head(network.stem(images))
        for upsampling in network.skips.upsamplings:
            scores = upsampling(scores)
        assert torch.equal(network.low_scores(images), scores)
        assert scores.shape == (1, 7, 64 // stride, 96 // stride)
        assert network.stride == 32

    def test_refuses_a_skip_from_behind_the_stem(self) -> None:
        with pytest.raises(NetworkError, match='skip_stride 16 with a stem of stride 16'):
            build_network(self.name, {'final_endpoint': 'Conv2d_11_pointwise', 'skip_stride': 16})


class TestBaseline(NetworkContract):
    name = 'baseline'
    arguments = {'classes': 7, 'filters': 4}
    full = {}
    parameters = 14_369


class TestUNet(NetworkContract):
    name = 'unet'
    arguments = {'out_channels': 7, 'filters': 2}
    full = {'in_channels': 3, 'out_channels': 1, 'filters': 8}
    parameters = 485_817

    def test_computes_the_same_in_training_and_inference(self) -> None:
        network = self.build()
        images = torch.randn(1, 3, 32, 32)
        assert torch.equal(network.train()(images), network.eval()(images))


class TestUNetVGG19(NetworkContract):
    name = 'unet_vgg19'
    arguments = {'classes': 7, 'width': 1 / 16}
    full = {}
    parameters = 31_177_736


class TestFCN8sVGG16(NetworkContract):
    name = 'fcn8s_vgg16'
    arguments = {'classes': 7, 'width': 1 / 32}
    full = {}
    parameters = 134_271_430
    sizes = ((64, 96), (33, 50))
    takes_any_size = True


class TestMultiBranch(NetworkContract):
    name = 'multi_branch'
    arguments = {'detail': 4, 'fusion': 8}
    full = {}
    parameters = 471_143


class TestEdgeSegNet(NetworkContract):
    name = 'edge_seg_net'
    arguments = {'width': 4, 'refinement': 8}
    full = {}
    parameters = 490_711


class TestFastSCNN(NetworkContract):
    name = 'fast_scnn'
    arguments = {'width': 0.25, 'auxiliary': True}
    full = {}
    parameters = 1_330_211


class TestDDRNetSlim(NetworkContract):
    name = 'ddrnet_slim'
    arguments = {'width': 4, 'context': 8, 'head': 8, 'auxiliary': True}
    full = {}
    parameters = 1_157_093


class TestPIDNetS(NetworkContract):
    name = 'pidnet_s'
    arguments = {'width': 4, 'context': 8, 'head': 8, 'auxiliary': True}
    full = {}
    parameters = 1_249_786


def test_every_network_keeps_the_contract() -> None:
    tested = {contract.name for contract in NetworkContract.__subclasses__()}
    assert tested == set(NETWORKS)


@pytest.mark.parametrize('name', ['edge_seg_net', 'fast_scnn', 'ddrnet_slim', 'pidnet_s'])
def test_modern_networks_spend_what_the_multi_branch_network_does(name: str) -> None:
    bound = operations('multi_branch')
    assert 0.95 * bound <= operations(name) <= bound
    # And all of them fit the parking scenario: 70 GOPS, 4 cameras at 15 frames per second.
    assert bound * 4 * 15 <= 70e9


@pytest.mark.parametrize('name', sorted(NETWORKS))
def test_auxiliary_heads_cost_nothing_in_inference(name: str) -> None:
    if 'auxiliary' not in inspect.signature(NETWORKS[name]).parameters:
        return
    assert operations(name, auxiliary=True) == operations(name, auxiliary=False)
    network = build_for_counting(name, {'auxiliary': True}).eval()
    assert split_output(network(torch.zeros(1, 3, 32, 32, device='meta')))[1] == ()


def operations(name: str, **arguments: object) -> int:
    """Count the operations on an image of the published size."""
    return sum(count_operations(build_for_counting(name, arguments), (320, 480)).values())


def test_unknown_names_are_refused() -> None:
    with pytest.raises(NetworkError, match='mobilenet_fcn'):
        build_network('resnet', {})
    with pytest.raises(NetworkError, match='width'):
        build_network('unet', {'width': 3})
