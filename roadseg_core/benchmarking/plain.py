"""Run the network as it was trained, without the rewrites of the export."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from roadseg_core.benchmarking.specification import BenchmarkError
from roadseg_core.checkpoint import load_checkpoint
from roadseg_core.model_file import ModelInfo
from roadseg_core.models import build_network
from roadseg_core.models.preprocessing import normalize

OPSET = 17


class PlainNetwork(nn.Module):
    """
    Compute labels and what else is asked by softmax and argmax on the full-size scores.

    :param network: scores [N, C, H, W] from normalized images; one channel means a sigmoid
    :param outputs: of labels, road_probability and confidence
    """

    def __init__(
        self, network: nn.Module, *, road_ids: tuple[int, ...], outputs: tuple[str, ...]
    ) -> None:
        super().__init__()
        self.network = network
        self.road_ids = road_ids
        self.outputs = outputs

    def forward(self, frames: Tensor) -> tuple[Tensor, ...]:
        """Map uint8 [N, H, W, 3], BGR, to uint8 [N, H, W] for each of ``outputs``."""
        scores = self.network(normalize(frames))
        one = self.network.classes == 1
        values = {'labels': (scores[:, 0] > 0) if one else scores.argmax(1)}
        if self.outputs != ('labels',):
            shares = torch.sigmoid(scores) if one else torch.softmax(scores, 1)
            road = shares[:, 0] if one else shares[:, list(self.road_ids)].sum(1)
            best = torch.maximum(road, 1.0 - road) if one else shares.amax(1)
            values['road_probability'] = (255.0 * road).round()
            values['confidence'] = (255.0 * best).round()
        return tuple(values[name].to(torch.uint8) for name in self.outputs)


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
        found = (loaded.network_name, loaded.geometry, loaded.label_map)
        if found != (info.network, info.geometry, info.label_map):
            raise BenchmarkError(
                f'{checkpoint} holds {loaded.network_name} for {loaded.geometry} and '
                f'{loaded.label_map.name!r}; {info.path} is {info.network} for '
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


def export_plain(network: PlainNetwork, size: tuple[int, int]) -> bytes:
    """Return the plain network as an ONNX file with a dynamic batch; ``size``: height, width."""
    buffer = io.BytesIO()
    with torch.inference_mode(), warnings.catch_warnings():
        # The tracer warns of what is fixed on purpose, such as the size.
        warnings.simplefilter('ignore')
        torch.onnx.export(
            network,
            (torch.zeros(2, *size, 3, dtype=torch.uint8),),
            buffer,
            input_names=['frames'],
            output_names=list(network.outputs),
            opset_version=OPSET,
            dynamic_axes={name: {0: 'batch'} for name in ('frames', *network.outputs)},
            dynamo=False,
        )
    return buffer.getvalue()


def onnx_runtime(model: bytes | str, *, threads: int) -> Callable[[np.ndarray], np.ndarray]:
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
