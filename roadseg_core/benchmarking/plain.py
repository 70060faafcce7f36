"""Run the network as it was trained, without the rewrites of the export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from roadseg_core.benchmarking.specification import BenchmarkError
from roadseg_core.checkpoint import load_checkpoint
from roadseg_core.deployed import PlainNetwork
from roadseg_core.model_file import ModelInfo
from roadseg_core.models import build_network


def plain_network(
    info: ModelInfo, checkpoint: Path | None, outputs: tuple[str, ...]
) -> PlainNetwork:
    """
    Build the plain network of a model file.

    :param checkpoint: its weights; None leaves it untrained
    :raises BenchmarkError: for a checkpoint of another network
    """
    if checkpoint is None:
        torch.manual_seed(0)
        network = build_network(info.network, info.network_arguments)
    else:
        loaded = load_checkpoint(checkpoint)
        held = loaded.info
        found = (held.network, held.geometry, held.label_map)
        if found != (info.network, info.geometry, info.label_map):
            raise BenchmarkError(
                f'{checkpoint} holds {held.network} for {held.geometry} and '
                f'{held.label_map.name!r}; {info.path} is {info.network} for '
                f'{info.geometry} and {info.label_map.name!r}: give the checkpoint of the model'
            )
        network = loaded.network
    return PlainNetwork(network, road_ids=info.label_map.road_ids, outputs=outputs).eval()


def eager(network: PlainNetwork, *, threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """Return a call of PyTorch, eager, fp32, on the CPU: frames to labels."""

    def run(frames: np.ndarray) -> np.ndarray:
        # A setting of the whole process: others may have changed it since.
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        with torch.inference_mode():
            return network(torch.from_numpy(frames))[0].numpy()

    return run


def onnx_runtime(model: bytes, *, threads: int) -> Callable[[np.ndarray], np.ndarray]:
    """Return a call of ONNX Runtime on the CPU: frames to the first output."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that spin after a call would take the cores from the next contender.
    options.add_session_config_entry('session.intra_op.allow_spinning', '1')
    options.add_session_config_entry('session.force_spinning_stop', '1')
    session = onnxruntime.InferenceSession(model, options, providers=['CPUExecutionProvider'])
    names = [output.name for output in session.get_outputs()]

    def run(frames: np.ndarray) -> np.ndarray:
        return session.run(names, {session.get_inputs()[0].name: frames})[0]

    return run
