"""The PyTorch engine, on the CPU; test/gpu has its tests on a GPU."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from checkpoint_files import write_checkpoint

from roadseg_core.checkpoint import load_checkpoint
from roadseg_core.deployed import DeployedNetwork
from roadseg_core.engines import EngineError, open_engine
from roadseg_core.engines.torch_cuda import strict_single_precision
from roadseg_core.geometry import Geometry
from roadseg_core.labels import SEVEN, TWO, LabelMap
from roadseg_core.model_file import OUTPUTS

pytestmark = pytest.mark.usefixtures('one_thread')

SIZE = (32, 64)
NETWORKS = {
    'unet': ({'out_channels': 1, 'filters': 2}, TWO),
    'mobilenet_fcn': ({'depth_multiplier': 0.25, 'classifier_depth': 32}, SEVEN),
}


def write(folder: Path, name: str, arguments: dict[str, object], label_map: LabelMap) -> Path:
    torch.manual_seed(0)
    path = folder / f'{name}.safetensors'
    geometry = Geometry('stretch', SIZE)
    return write_checkpoint(path, name, arguments, geometry, label_map=label_map)


@pytest.fixture(scope='module', params=NETWORKS)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory) -> Path:
    arguments, label_map = NETWORKS[request.param]
    return write(tmp_path_factory.mktemp('checkpoints'), request.param, arguments, label_map)


@pytest.fixture(scope='module')
def frames() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (4, *SIZE, 3), np.uint8)


def deployed(checkpoint: Path) -> DeployedNetwork:
    loaded = load_checkpoint(checkpoint)
    return DeployedNetwork(loaded.network, label_map=loaded.info.label_map).eval()


def test_it_computes_what_the_network_computes(checkpoint, frames):
    engine = open_engine(checkpoint, device='cpu', outputs=OUTPUTS)
    what = engine.description
    assert (what.backend, what.device, what.precision) == ('torch', 'cpu', 'fp32')
    network = deployed(checkpoint)
    for count in (4, 1):
        result = engine.infer(frames[:count])
        with torch.inference_mode():
            for name, values in zip(OUTPUTS, network(torch.from_numpy(frames[:count]))):
                assert np.array_equal(getattr(result, name), values.numpy())
    assert engine.graphs == {}
    engine.close()
    engine.close()
    with pytest.raises(EngineError, match='closed'):
        engine.infer(frames)


def test_mixed_precision_agrees(checkpoint, frames):
    whole = open_engine(checkpoint, backend='torch', device='cpu', outputs=('road_probability',))
    mixed = open_engine(
        checkpoint, backend='torch', device='cpu', precision='bf16', outputs=('road_probability',)
    )
    assert mixed.description.precision == 'bf16'
    difference = whole.infer(frames).road_probability.astype(int) - (
        mixed.infer(frames).road_probability
    )
    assert np.abs(difference).mean() < 2.0
    whole.close()
    mixed.close()


def test_in_half_precision_the_network_agrees(checkpoint, frames):
    """What the engine runs on a GPU is true on the CPU, too, only slower."""
    pictures = torch.from_numpy(frames[:2])
    with torch.inference_mode():
        labels, probability, _ = deployed(checkpoint)(pictures)
        half_labels, half_probability, _ = deployed(checkpoint).half()(pictures)
    assert half_labels.dtype == torch.uint8
    assert (half_probability.int() - probability.int()).abs().max() <= 2
    # An untrained network is undecided nearly everywhere, where labels say nothing.
    sure = (probability.int() - 128).abs() > 4
    if load_checkpoint(checkpoint).network.classes == 1:
        assert torch.equal(half_labels[sure], labels[sure])


@pytest.mark.parametrize(
    ('device', 'precision', 'why'),
    [
        ('cpu', 'fp16', 'on cpu; expected auto, fp32, bf16'),
        ('cuda:99', 'auto', 'can use [0-9]+ NVIDIA GPUs here'),
        ('meta', 'auto', 'expected auto, cpu, cuda'),
        ('gpu', 'auto', 'expected auto, cpu, cuda'),
    ],
)
def test_what_cannot_run_is_refused(tmp_path, device, precision, why):
    path = write(tmp_path, 'unet', *NETWORKS['unet'])
    with pytest.raises(EngineError, match=why):
        open_engine(path, device=device, precision=precision)


def test_no_checkpoint_is_refused(tmp_path):
    (tmp_path / 'empty.safetensors').write_bytes(b'')
    with pytest.raises(EngineError, match='empty.safetensors: no readable checkpoint'):
        open_engine(tmp_path / 'empty.safetensors')


def test_the_settings_of_cudnn_are_left_as_they_were():
    flags = torch.backends.cudnn
    before = flags.benchmark, flags.allow_tf32
    with strict_single_precision():
        assert (flags.benchmark, flags.allow_tf32) == (True, False)
    assert (flags.benchmark, flags.allow_tf32) == before
