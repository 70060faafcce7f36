"""From PyTorch to a model file, with a numeric check of the one against the other."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxscript.optimizer
import torch
from torch import Tensor, nn

from roadseg_core.checkpoint import LoadedCheckpoint, load_checkpoint
from roadseg_core.deployed import DeployedNetwork
from roadseg_core.files import write_atomically
from roadseg_core.geometry import Geometry
from roadseg_core.labels import LabelMap
from roadseg_core.model_file import OUTPUTS, write_metadata
from roadseg_core.models.preprocessing import normalize
from roadseg_core.rewriting import rewrite
from roadseg_core.rewriting.half_precision import to_half_precision
from roadseg_core.sources.picture_batches import load_pictures

OPSET = 17

_CHECK_FRAMES = 8
_LEAST_AGREEMENT = {'fp32': 0.9995, 'fp16': 0.995}
"""Share of equal labels below which an export is refused: more than rounding has changed."""


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
    model = build_onnx(loaded.network, label_map=loaded.label_map, geometry=loaded.geometry)
    if precision == 'fp16':
        model = to_half_precision(model)
    pictures, what = check_frames(loaded.geometry, frames)
    agreement = {
        **compare(loaded, model, pictures),
        'frames': len(pictures),
        'of': what,
        'runtime': 'onnxruntime',
        'against': 'PyTorch, plain graph',
    }
    least = _LEAST_AGREEMENT[precision]
    if agreement['labels'] < least:
        raise ExportError(
            f'{checkpoint}: only {agreement["labels"]:.5f} of the labels of the exported graph '
            f'equal those of PyTorch; expected {least}: the export is broken'
        )
    output = Path(output)
    write_metadata(model, replace(loaded.info(output), precision=precision, agreement=agreement))
    with write_atomically(output) as temporary:
        onnx.save(model, temporary)
    return agreement


def build_onnx(network: nn.Module, *, label_map: LabelMap, geometry: Geometry) -> onnx.ModelProto:
    """Trace a network in its deployed form, with a dynamic batch, and check the graph."""
    height, width = geometry.input_size
    deployed = DeployedNetwork(network, label_map=label_map).eval()
    buffer = io.BytesIO()
    with torch.inference_mode(), warnings.catch_warnings():
        # About the exporter's future, and sizes that are meant to be constants; the check of the
        # labels tells whether the graph is right.
        warnings.simplefilter('ignore')
        torch.onnx.export(
            deployed,
            (torch.zeros(2, height, width, 3, dtype=torch.uint8),),
            buffer,
            input_names=['frames'],
            output_names=list(OUTPUTS),
            opset_version=OPSET,
            dynamic_axes={name: {0: 'batch'} for name in ('frames', *OUTPUTS)},
            dynamo=False,
        )
    model = onnxscript.optimizer.optimize(onnx.load_from_string(buffer.getvalue()))
    for value in model.graph.output:
        # The tracer loses the sizes behind the pixel shuffle; they are fixed.
        for axis, size in ((1, height), (2, width)):
            value.type.tensor_type.shape.dim[axis].ClearField('dim_param')
            value.type.tensor_type.shape.dim[axis].dim_value = size
    model = rewrite(model)
    onnx.checker.check_model(model, full_check=True)
    return model


def compare(
    loaded: LoadedCheckpoint, model: onnx.ModelProto, frames: np.ndarray
) -> dict[str, float | int]:
    """
    Compare an exported graph with the plain PyTorch network, without the exact rewrites.

    :param frames: uint8 [N, H, W, 3]
    :returns: share of equal labels, greatest difference of the other outputs in grey levels
    """
    import onnxruntime

    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    plain = DeployedNetwork(loaded.network, label_map=loaded.label_map).eval()
    equal, differences = 0, {name: 0 for name in OUTPUTS[1:]}
    for start in range(0, len(frames), 2):
        batch = frames[start : start + 2]
        exported = dict(zip(OUTPUTS, session.run(list(OUTPUTS), {'frames': batch})))
        with torch.inference_mode():
            scores = loaded.network(normalize(torch.from_numpy(batch)))
            expected = plain_outputs(scores, plain)
        equal += int((exported['labels'] == expected['labels']).sum())
        for name in differences:
            worst = np.abs(exported[name].astype(int) - expected[name].astype(int)).max()
            differences[name] = max(differences[name], int(worst))
    return {'labels': equal / frames[..., 0].size, **differences}


def describe_agreement(agreement: Mapping[str, object], reference: str) -> str:
    """Say in words how well a file agrees with what it was made from."""
    return (
        f'{agreement["labels"]:.3%} of the labels are those of {reference}, on '
        f'{agreement["frames"]} frames ({agreement["of"]}); road probability and confidence '
        f'differ by at most {agreement["road_probability"]} and {agreement["confidence"]} of 255'
    )


def plain_outputs(scores: Tensor, deployed: DeployedNetwork) -> dict[str, np.ndarray]:
    """Compute the outputs from full-size scores [N, C, H, W] by softmax and argmax."""
    if deployed.classes == 1:
        road = torch.sigmoid(scores[:, 0])
        labels, best = road > 0.5, torch.maximum(road, 1.0 - road)
    else:
        probabilities = torch.softmax(scores, 1)
        best, labels = probabilities.max(1)
        road = probabilities[:, list(deployed.road_ids)].sum(1)
    return {
        'labels': labels.to(torch.uint8).numpy(),
        'road_probability': (255.0 * road).round().to(torch.uint8).numpy(),
        'confidence': (255.0 * best).round().to(torch.uint8).numpy(),
    }


def check_frames(geometry: Geometry, folder: str | Path | None) -> tuple[np.ndarray, str]:
    """Return frames of the network's size for a comparison, and what they are."""
    frames = load_pictures(geometry, None if folder is None else Path(folder), _CHECK_FRAMES)
    return frames, (
        'smooth noise' if folder is None else f'{len(frames)} pictures of {Path(folder).name}'
    )
