"""The PyTorch engine on a GPU: precision, CUDA graphs, a soak, two engines at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from roadseg_core.geometry import Geometry
from roadseg_core.labels import SEVEN, TWO
from roadseg_core.model_file import OUTPUTS
from roadseg_core.sources.picture_batches import load_pictures

pytestmark = pytest.mark.usefixtures('torch_cuda')

SIZE = (320, 480)
NETWORKS = {
    'mobilenet_fcn': ({'depth_multiplier': 0.5}, SEVEN),
    'unet': ({'in_channels': 3, 'out_channels': 1, 'filters': 8}, TWO),
}


@pytest.fixture(scope='module', params=NETWORKS)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory) -> Path:
    """Return a checkpoint of an untrained network that is not undecided everywhere."""
    import torch
    from checkpoint_files import write_checkpoint

    from roadseg_core.models import build_network

    arguments, label_map = NETWORKS[request.param]
    torch.manual_seed(0)
    network = build_network(request.param, arguments)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    network.train()(torch.randn(4, 3, 64, 96))
    path = tmp_path_factory.mktemp('checkpoints') / f'{request.param}.safetensors'
    geometry = Geometry('stretch', SIZE)
    return write_checkpoint(
        path, request.param, arguments, geometry, label_map=label_map, network=network
    )


@pytest.fixture(scope='module')
def frames() -> np.ndarray:
    return load_pictures(Geometry('stretch', SIZE), None, 8)


def test_fp32_on_the_gpu_is_fp32_on_the_cpu(checkpoint, opened, frames):
    there = opened(checkpoint, 'torch', device='cuda', precision='fp32', outputs=OUTPUTS)
    here = opened(checkpoint, 'torch', device='cpu', outputs=OUTPUTS)
    found, expected = there.infer(frames[:4]), here.infer(frames[:4])
    assert (found.labels == expected.labels).mean() >= 0.999
    for name in OUTPUTS[1:]:
        difference = getattr(found, name).astype(int) - getattr(expected, name)
        assert np.abs(difference).max() <= 2


@pytest.mark.parametrize('precision', ['fp16', 'bf16'])
def test_half_precision_agrees_where_the_network_is_sure(checkpoint, opened, frames, precision):
    half = opened(checkpoint, 'torch', precision=precision, outputs=OUTPUTS)
    assert half.description.precision == precision
    whole = opened(checkpoint, 'torch', device='cuda', precision='fp32', outputs=OUTPUTS)
    found, expected = half.infer(frames[:4]), whole.infer(frames[:4])
    slack = 4 if precision == 'fp16' else 16
    for name in OUTPUTS[1:]:
        difference = np.abs(getattr(found, name).astype(int) - getattr(expected, name))
        assert np.percentile(difference, 99.5) <= slack


def test_auto_is_half_precision_on_the_gpu_as_cuda_graphs(checkpoint, opened, frames):
    engine = opened(checkpoint, 'auto')
    assert engine.description.device.startswith('cuda:0 (')
    assert engine.description.precision == 'fp16'
    for count in (4, 1, 2, 3, 1):
        engine.infer(frames[:count])
    assert engine.graphs == {1: True, 2: True, 3: True, 4: True}


def test_a_soak_leaves_results_and_memory_as_they_were(checkpoint, opened, frames, soak):
    import torch

    engine = opened(checkpoint, 'torch', device='cuda')
    for count in (1, 3, 4):
        engine.infer(frames[:count])
    before = torch.cuda.memory_allocated()
    soak(engine, frames)
    assert torch.cuda.memory_allocated() <= before


def test_two_engines_in_two_threads_do_not_disturb_each_other(checkpoint, opened, frames):
    engines = [
        opened(checkpoint, 'torch', device='cuda', precision=precision)
        for precision in ('fp16', 'fp32')
    ]
    expected = [engine.infer(frames[:4]).labels.copy() for engine in engines]

    def work(index: int) -> int:
        return sum(
            not np.array_equal(engines[index].infer(frames[:4]).labels, expected[index])
            for _ in range(200)
        )

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(work, range(2))) == [0, 0]
