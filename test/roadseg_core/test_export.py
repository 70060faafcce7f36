"""Tests of the deployed network: bytes in, bytes out, the same as softmax and argmax."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from roadseg_core.export import DeployedNetwork, plain_outputs
from roadseg_core.labels import SEVEN, TWO
from roadseg_core.models import build_network
from roadseg_core.models.preprocessing import normalize

SMALL_FCN = {'classes': 7, 'depth_multiplier': 0.1, 'classifier_kernel': 3,
             'classifier_depth': 8}


@pytest.mark.parametrize(('name', 'arguments', 'label_map'), [
    ('mobilenet_fcn', SMALL_FCN, SEVEN), ('unet', {'filters': 2}, TWO),
    ('unet', {'filters': 2, 'out_channels': 7}, SEVEN)])
def test_equals_softmax_and_argmax(name: str, arguments: dict, label_map: object) -> None:
    torch.manual_seed(3)
    network = build_network(name, arguments).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    frames = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    deployed = DeployedNetwork(network, label_map=label_map)
    with torch.inference_mode():
        values = [value.numpy() for value in deployed(frames)]
        expected = plain_outputs(network(normalize(frames)), deployed)
    assert all(value.dtype == np.uint8 and value.shape == (2, 64, 64) for value in values)
    assert (values[0] == expected['labels']).mean() > 0.999
    for name_, value in zip(deployed.outputs[1:], values[1:]):
        assert np.abs(value.astype(int) - expected[name_].astype(int)).max() <= 1


def test_gives_the_outputs_asked_for() -> None:
    network = build_network('unet', {'filters': 2}).eval()
    frames = torch.zeros(1, 32, 32, 3, dtype=torch.uint8)
    assert len(DeployedNetwork(network, label_map=TWO, outputs=('labels',))(frames)) == 1
    with pytest.raises(ValueError, match='depth'):
        DeployedNetwork(network, label_map=TWO, outputs=('depth',))
    with pytest.raises(ValueError, match='one channel'):
        DeployedNetwork(network, label_map=SEVEN)


def test_takes_bgr() -> None:
    frames = torch.tensor([[[[255, 0, 0]]]], dtype=torch.uint8)
    assert normalize(frames).flatten().tolist() == pytest.approx([-1.0, -1.0, 1.0])
