"""Widened networks score as the narrow ones do, and can learn more."""

from __future__ import annotations

import pytest
import torch

from roadseg_core.models.mobilenet_fcn import MobileNetFCN
from roadseg_core.models.widening import widen

pytestmark = pytest.mark.usefixtures('one_thread')


@pytest.mark.parametrize(
    'arguments', [{'folded': True, 'skip_stride': 8}, {'folded': False, 'skip_stride': 0}]
)
def test_a_widened_network_gives_the_same_scores(arguments: dict) -> None:
    torch.manual_seed(4)
    common = {'classes': 3, 'classifier_kernel': 3, 'classifier_depth': 8, **arguments}
    narrow = MobileNetFCN(depth_multiplier=0.25, **common)
    wide = MobileNetFCN(depth_multiplier=0.4, **common)
    for tensor in narrow.state_dict().values():
        if tensor.is_floating_point() and tensor.dim() == 1:
            tensor.add_(0.2 * torch.rand(tensor.shape))
    if narrow.skip_endpoints:
        for scoring in narrow.skips.scorings:
            torch.nn.init.normal_(scoring.weight)
    widen(narrow, wide)
    images = torch.rand(2, 3, 64, 96) * 2 - 1
    scores = [network.eval()(images) for network in (narrow, wide)]
    assert scores[0].std() > 1e-3
    torch.testing.assert_close(scores[1], scores[0], rtol=1e-4, atol=1e-5)

    # What was one channel gets several gradients.
    wide(images).square().sum().backward()
    weight = wide.stem.layers.Conv2d_0.conv.weight
    rows, gradients = weight.detach().flatten(1), weight.grad.flatten(1)
    own = narrow.stem.width('Conv2d_0')
    for row, gradient in zip(rows[own:], gradients[own:], strict=True):
        original = int((rows[:own] == row).all(1).nonzero()[0])
        assert not gradient.any() or not torch.equal(gradient, gradients[original])
