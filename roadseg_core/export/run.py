"""From PyTorch to a model file, with a numeric check of the one against the other."""

from __future__ import annotations

import io
import logging
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxscript.optimizer
import torch
from torch import nn

from roadseg_core.checkpoint import LoadedCheckpoint, load_checkpoint
from roadseg_core.deployed import DeployedNetwork, PlainNetwork
from roadseg_core.export.agreement import agreement, graph_runner
from roadseg_core.export.golden_frame import choose_golden_frame
from roadseg_core.export.half_precision import to_half
from roadseg_core.files import write_atomically
from roadseg_core.geometry import Geometry
from roadseg_core.golden_frame import GoldenFrameError
from roadseg_core.labels import LabelMap
from roadseg_core.model_file import OUTPUTS, ModelFile, write_metadata
from roadseg_core.rewriting import rewrite
from roadseg_core.sources.picture_batches import load_pictures

OPSET = 17

_CHECK_FRAMES = 8
_LEAST_AGREEMENT = {'fp32': 0.9995, 'fp16': 0.995}
"""Share of equal labels below which an export is refused: more than rounding has changed."""


_log = logging.getLogger(__name__)


class ExportError(ValueError):
    """An export whose file does not compute what the network computes."""


def export_checkpoint(
    checkpoint: str | Path,
    output: str | Path,
    *,
    frames: str | Path | None = None,
    precision: str = 'fp32',
) -> dict[str, object]:
    """
    Write the model file of a checkpoint and compare the two.

    :param output: the ``.onnx`` file to write; written whole or not at all
    :param frames: folder of pictures for the comparison; None: noise and gradients
    :param precision: fp32, or fp16 for TensorRT, which computes in the types of the file
    :returns: the agreement, as in the file's metadata
    :raises ExportError: if the file does not compute what the network computes
    """
    if precision not in _LEAST_AGREEMENT:
        raise ExportError(
            f'precision {precision!r}; expected one of '
            f'{", ".join(_LEAST_AGREEMENT)}; for int8: roadseg quantize'
        )
    loaded = load_checkpoint(checkpoint)
    info = loaded.info
    model = build_onnx(loaded.network, label_map=info.label_map, geometry=info.geometry)
    if precision == 'fp16':
        model = to_half(model)
    pictures, what = check_frames(info.geometry, frames)
    agreed = {
        **compare(loaded, model, pictures),
        'frames': len(pictures),
        'of': what,
        'runtime': 'onnxruntime',
        'against': 'PyTorch, plain graph',
    }
    least = _LEAST_AGREEMENT[precision]
    if agreed['labels'] < least:
        raise ExportError(
            f'{checkpoint}: only {agreed["labels"]:.5f} of the labels of the exported graph '
            f'equal those of PyTorch; expected {least}: the export is broken'
        )
    output = Path(output)
    info = replace(info, path=output, precision=precision, agreement=agreed)
    try:
        golden = choose_golden_frame(ModelFile(info, model.SerializeToString()))
    except GoldenFrameError as error:
        golden = None
        _log.warning('%s has no golden frame: %s', output, error)
    write_metadata(model, replace(info, golden_frame=golden))
    with write_atomically(output) as temporary:
        onnx.save(model, temporary)
    return agreed


def trace(network: nn.Module, input_size: tuple[int, int]) -> bytes:
    """
    Return a network as an ONNX file with a dynamic batch.

    :param network: maps uint8 [N, H, W, 3] to a tensor for each of its ``outputs``, their names
    """
    buffer = io.BytesIO()
    with torch.inference_mode(), warnings.catch_warnings():
        # About the exporter's future, and sizes that are meant to be constants; the check of the
        # labels tells whether the graph is right.
        warnings.simplefilter('ignore')
        torch.onnx.export(
            network,
            (torch.zeros(2, *input_size, 3, dtype=torch.uint8),),
            buffer,
            input_names=['frames'],
            output_names=list(network.outputs),
            opset_version=OPSET,
            dynamic_axes={name: {0: 'batch'} for name in ('frames', *network.outputs)},
            dynamo=False,
        )
    return buffer.getvalue()


def build_onnx(
    network: nn.Module, *, label_map: LabelMap, geometry: Geometry, merge: bool = True
) -> onnx.ModelProto:
    """
    Trace a network in its deployed form, with a dynamic batch, and check the graph.

    :param merge: as for :func:`roadseg_core.rewriting.rewrite`
    """
    height, width = geometry.input_size
    traced = trace(DeployedNetwork(network, label_map=label_map).eval(), geometry.input_size)
    model = onnxscript.optimizer.optimize(onnx.load_from_string(traced))
    for value in model.graph.output:
        # The tracer loses the sizes behind the pixel shuffle; they are fixed.
        for axis, size in ((1, height), (2, width)):
            value.type.tensor_type.shape.dim[axis].ClearField('dim_param')
            value.type.tensor_type.shape.dim[axis].dim_value = size
    model = rewrite(model, merge=merge)
    onnx.checker.check_model(model, full_check=True)
    return model


def compare(
    loaded: LoadedCheckpoint, model: onnx.ModelProto, frames: np.ndarray
) -> dict[str, float | int]:
    """
    Compare an exported graph with the plain PyTorch network, without the exact rewrites.

    :param frames: uint8 [N, H, W, 3]
    :returns: as :func:`roadseg_core.export.agreement.agreement` does
    """
    road_ids = loaded.info.label_map.road_ids
    plain = PlainNetwork(loaded.network, road_ids=road_ids, outputs=OUTPUTS).eval()

    def expected(batch: np.ndarray) -> dict[str, np.ndarray]:
        with torch.inference_mode():
            values = plain(torch.from_numpy(batch))
        return {name: value.numpy() for name, value in zip(OUTPUTS, values)}

    return agreement(expected, graph_runner(model), frames)


def check_frames(geometry: Geometry, folder: str | Path | None) -> tuple[np.ndarray, str]:
    """Return frames of the network's size for a comparison, and what they are."""
    frames = load_pictures(geometry, None if folder is None else Path(folder), _CHECK_FRAMES)
    return frames, (
        'smooth noise' if folder is None else f'{len(frames)} pictures of {Path(folder).name}'
    )
