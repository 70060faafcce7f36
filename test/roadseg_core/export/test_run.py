"""The deployed network, the same as softmax and argmax, and the file that is made of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from checkpoint_files import write_checkpoint

from roadseg_core.cli import main
from roadseg_core.deployed import DeployedNetwork, PlainNetwork
from roadseg_core.export.run import ExportError, export_checkpoint
from roadseg_core.geometry import Geometry
from roadseg_core.labels import SEVEN, TWO
from roadseg_core.model_file import OUTPUTS, read_model_info
from roadseg_core.models import build_network
from roadseg_core.models.preprocessing import normalize

pytestmark = pytest.mark.usefixtures('one_thread')

SMALL_FCN = {'classes': 7, 'depth_multiplier': 0.1, 'classifier_kernel': 3, 'classifier_depth': 8}


@pytest.mark.parametrize(
    ('name', 'arguments', 'label_map'),
    [
        ('mobilenet_fcn', SMALL_FCN, SEVEN),
        ('unet', {'filters': 2}, TWO),
        ('unet', {'filters': 2, 'out_channels': 7}, SEVEN),
    ],
)
def test_equals_softmax_and_argmax(name: str, arguments: dict, label_map: object) -> None:
    torch.manual_seed(3)
    network = build_network(name, arguments).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    frames = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    deployed = DeployedNetwork(network, label_map=label_map)
    with torch.inference_mode():
        values = [value.numpy() for value in deployed(frames)]
        plain = PlainNetwork(network, road_ids=label_map.road_ids, outputs=OUTPUTS)
        expected = [value.numpy() for value in plain(frames)]
    assert all(value.dtype == np.uint8 and value.shape == (2, 64, 64) for value in values)
    assert (values[0] == expected[0]).mean() > 0.999
    for found, wanted in zip(values[1:], expected[1:]):
        assert np.abs(found.astype(int) - wanted.astype(int)).max() <= 1


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


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the checkpoint of a small network."""
    torch.manual_seed(5)
    path = tmp_path_factory.mktemp('export') / 'fcn.safetensors'
    network = build_network('mobilenet_fcn', SMALL_FCN)
    # Untrained, it would call all classes alike, and rounding would decide.
    torch.nn.init.normal_(network.head[-1].bias)
    geometry = Geometry('stretch', (64, 96))
    return write_checkpoint(
        path, 'mobilenet_fcn', SMALL_FCN, geometry, label_map=SEVEN, network=network
    )


@pytest.mark.parametrize(
    ('precision', 'kind'), [('fp32', onnx.TensorProto.FLOAT), ('fp16', onnx.TensorProto.FLOAT16)]
)
def test_a_file_has_the_types_asked_for(
    checkpoint: Path,
    tmp_path: Path,
    precision: str,
    kind: int,
) -> None:
    output = tmp_path / 'fcn.onnx'
    assert main(['export', str(checkpoint), '--output', str(output), '--precision', precision]) == 0
    info = read_model_info(output)
    assert info.precision == precision
    assert info.agreement['labels'] >= (0.9995 if precision == 'fp32' else 0.995)
    model = onnx.load(output)
    floats = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16}
    assert floats & {value.data_type for value in model.graph.initializer} == {kind}
    casts = {
        entry.i for node in model.graph.node if node.op_type == 'Cast' for entry in node.attribute
    }
    assert casts & floats == {kind}
    makers = {node.output[0]: node.op_type for node in model.graph.node}
    # TensorRT casts to bytes by truncation and shuffles no integers.
    for node in model.graph.node:
        if node.output[0] in info.outputs:
            assert (node.op_type, makers[node.input[0]]) == ('Cast', 'Clip')


def test_another_precision_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match='roadseg quantize'):
        export_checkpoint(checkpoint, tmp_path / 'fcn.onnx', precision='int8')
