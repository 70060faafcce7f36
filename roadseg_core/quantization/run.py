"""Quantize a model file and write it if it stays within the accepted loss."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx

from roadseg_core.data.source import FrameSource
from roadseg_core.files import write_atomically
from roadseg_core.model_file import ModelInfo, read_model_info, write_metadata
from roadseg_core.quantization.graph import QuantizationError, quantize_graph
from roadseg_core.quantization.validation import Change, compare_files
from roadseg_core.sources.picture_batches import load_pictures

LIMIT = 0.5
"""Points of mIoU that an int8 file may lose, where nothing else is asked for."""

_log = logging.getLogger(__name__)


def calibration_frames(info: ModelInfo, folders: Sequence[Path], count: int) -> np.ndarray:
    """Return ``count`` frames of the model's size in all, spread over folders of pictures."""
    if count < len(folders) or not folders:
        raise QuantizationError(
            f'{count} frames of {len(folders)} folders to calibrate with; expected at least one '
            'folder and a frame of each'
        )
    shares = [len(part) for part in np.array_split(np.arange(count), len(folders))]
    return np.concatenate(
        [
            load_pictures(info.geometry, folder, share)
            for folder, share in zip(folders, shares, strict=True)
        ]
    )


def quantize_file(
    model: Path,
    output: Path,
    *,
    calibration: Sequence[Path],
    sources: Sequence[FrameSource],
    count: int,
    limit: float = LIMIT,
    keep: Sequence[str] = (),
) -> list[Change]:
    """
    Write a model file in int8, whole or not at all.

    :param calibration: folders of pictures whose values set the ranges
    :param sources: validation frames with truth: not those of the calibration
    :param count: frames to calibrate with
    :param limit: the greatest loss of mIoU on any source, in points
    :param keep: parts of the names of convolutions to leave in fp32
    :returns: what changed, a row a source, as in the file's metadata
    :raises QuantizationError: if the file in int8 loses more, or is not one of fp32
    """
    info = read_model_info(model)
    if info.precision != 'fp32':
        raise QuantizationError(f'{model} computes in {info.precision}; expected a file in fp32')
    if not sources:
        raise QuantizationError('no validation frames: a file whose loss is unknown is not written')
    frames = calibration_frames(info, calibration, count)
    graph = quantize_graph(onnx.load(model), frames, keep=keep)
    with write_atomically(output) as temporary:
        described = replace(info, precision='int8', agreement={})
        write_metadata(graph, described)
        onnx.save(graph, temporary)
        changes = compare_files(model, temporary, sources)
        too_bad = [change for change in changes if not change.drop <= limit]  # NaN is, too
        if too_bad:
            worst = max(too_bad, key=lambda change: change.drop)
            raise QuantizationError(
                f'{output} is not written: in int8, {model.name} loses {worst.drop:.2f} points '
                f'of mIoU on {worst.data} ({100 * worst.miou_before:.2f} to '
                f'{100 * worst.miou_after:.2f}); expected at most {limit}: calibrate with more '
                'or other frames, keep convolutions in fp32, or allow more'
            )
        agreement = {
            'against': f'{model.name}, fp32',
            'runtime': 'openvino',
            'labels': min(change.labels for change in changes),
            'validation': [change.to_dict() for change in changes],
            'calibration': {'frames': len(frames), 'of': [folder.name for folder in calibration]},
            'kept_in_fp32': list(keep),
            'fp32': info.agreement,
        }
        write_metadata(graph, replace(described, agreement=agreement))
        onnx.save(graph, temporary)
    _log.info('%s: %d frames calibrated it', output, len(frames))
    return changes
