"""Weights read back from model files: the same network, ready to be trained."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path

import onnx
import pytest
import torch
from checkpoint_files import write_checkpoint
from safetensors.torch import load_file

from roadseg_core.deployed import PlainNetwork
from roadseg_core.engines import open_engine
from roadseg_core.export.half_precision import convert_file
from roadseg_core.export.run import export_checkpoint
from roadseg_core.export.weights import read_network, settle_batch_norms
from roadseg_core.files import default_model
from roadseg_core.geometry import Geometry
from roadseg_core.labels import SEVEN, LabelMap
from roadseg_core.model_file import ModelFileError
from roadseg_core.models import build_network
from roadseg_core.sources.picture_batches import load_pictures

pytestmark = pytest.mark.usefixtures('one_thread')

ARGUMENTS = {'classes': 7, 'depth_multiplier': 0.1, 'classifier_kernel': 3, 'classifier_depth': 8}


def export(folder: Path, name: str, arguments: dict, label_map: LabelMap = SEVEN) -> Path:
    """Write the model file of a network with random weights and batch norms."""
    torch.manual_seed(2)
    network = build_network(name, arguments)
    for tensor in network.state_dict().values():
        if tensor.is_floating_point() and tensor.dim() == 1:
            tensor.add_(0.2 * torch.rand(tensor.shape))
    geometry = Geometry('crop', (64, 96), 0.75)
    path = folder / 'network.safetensors'
    write_checkpoint(path, name, arguments, geometry, label_map=label_map, network=network)
    export_checkpoint(path, folder / 'network.onnx')
    return folder / 'network.onnx'


@pytest.mark.parametrize(
    ('name', 'arguments'),
    [
        ('mobilenet_fcn', ARGUMENTS),
        ('mobilenet_fcn', {**ARGUMENTS, 'folded': True, 'skip_stride': 8}),
        ('fast_scnn', {'classes': 7}),
        ('unet', {'filters': 4, 'out_channels': 7}),
    ],
)
def test_a_model_file_gives_its_network_back(tmp_path: Path, name: str, arguments: dict) -> None:
    loaded = read_network(export(tmp_path, name, arguments))
    assert loaded.info.network == name and loaded.info.geometry == Geometry('crop', (64, 96), 0.75)
    original = build_network(name, arguments).eval()
    tensors = load_file(tmp_path / 'network.safetensors')
    original.load_state_dict({key.removeprefix('network.'): t for key, t in tensors.items()})
    images = torch.rand(3, 3, 64, 96) * 2 - 1
    with torch.no_grad():
        expected = original(images)
        torch.testing.assert_close(loaded.network(images), expected, rtol=1e-3, atol=1e-3)
        settle_batch_norms(loaded.network, images)
        torch.testing.assert_close(loaded.network(images), expected, rtol=1e-3, atol=1e-3)
    norms = [m for m in loaded.network.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    if norms:
        # Trained on the same images, it starts from what it computes in inference.
        assert any((norm.running_mean != 0).any() for norm in norms)
        for module in loaded.network.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        with torch.no_grad():
            trained = loaded.network.train()(images)
        torch.testing.assert_close(trained, expected, rtol=0.05, atol=0.05)


@pytest.mark.parametrize(
    'path',
    [p for p in sorted(default_model().parent.glob('*.onnx')) if not p.stem.endswith('_int8')],
    ids=attrgetter('stem'),
)
def test_a_network_from_a_shipped_file_gives_the_labels_of_the_engine(path: Path) -> None:
    loaded = read_network(path)
    frames = load_pictures(loaded.info.geometry, None, 4)
    engine = open_engine(path, backend='openvino', precision='fp32')
    plain = PlainNetwork(
        loaded.network, road_ids=loaded.info.label_map.road_ids, outputs=('labels',)
    ).eval()
    with torch.inference_mode():
        found = plain(torch.from_numpy(frames))[0].numpy()
    assert (found == engine.infer(frames).labels).mean() > 0.9999


def test_what_cannot_be_read_back_is_refused(tmp_path: Path) -> None:
    path = export(tmp_path, 'mobilenet_fcn', ARGUMENTS)
    frames = load_pictures(Geometry('stretch', (64, 96)), None, 2)
    convert_file(path, tmp_path / 'half.onnx', frames, of='noise', limit=0.0)
    with pytest.raises(ModelFileError, match='in fp16; start from a file in fp32'):
        read_network(tmp_path / 'half.onnx')
    model = onnx.load(path)
    model.graph.node[0].input[0] = 'same'
    model.graph.node.insert(0, onnx.helper.make_node('Identity', ['frames'], ['same']))
    onnx.save(model, path)
    with pytest.raises(ModelFileError, match='another graph'):
        read_network(path)
