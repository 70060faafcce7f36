"""Draw how a run's best network segments its validation frames."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import torch
from pydantic import ValidationError

from roadseg_core.checkpoint import CheckpointError, load_checkpoint
from roadseg_core.training.config import TrainingConfig
from roadseg_core.training.data import open_validation
from roadseg_core.training.execution import Execution
from roadseg_core.training.pictures import COLUMNS, draw_result
from roadseg_core.training.run_folder import BEST
from roadseg_core.training.validation import predict

_HEADING = 26


def draw_panels(
    folder: Path, *, frames: int, root: str | None = None, width: int = 1600
) -> np.ndarray:
    """
    Draw one row per frame: input, truth, prediction, road in red, errors in white.

    :param folder: of a run
    :param frames: how many of each validation set, spread over it
    :param root: where the data is now; None: where it was in training
    :param width: of the picture, in pixels
    :returns: uint8 [H, width, 3], BGR
    :raises CheckpointError: if the run has no best network, or one of an older version
    """
    loaded = load_checkpoint(folder / BEST)
    try:
        config = TrainingConfig.model_validate(loaded.state['config'])
    except (KeyError, ValidationError) as error:
        raise CheckpointError(
            f'{folder / BEST}: its configuration is not of this version; '
            'use `roadseg evaluate --html` on it'
        ) from error
    if root:
        config = config.model_copy(update={'data': config.data.model_copy(update={'root': root})})
    label_map, rows = loaded.info.label_map, []
    for data in open_validation(config, label_map=label_map, frames=frames):
        for frame in data.frames:
            result, _ = predict(
                loaded.network,
                frame,
                label_map=label_map,
                execution=Execution('fp32'),
                device=torch.device('cpu'),
            )
            rows.append(draw_result(result, label_map))
    picture = np.concatenate(rows)
    height = round(picture.shape[0] * width / picture.shape[1])
    picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return np.concatenate((_heading(folder.name, width), picture))


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write uint8 [H, W, 3], BGR, in the format of the suffix; ValueError if there is none."""
    if path.suffix.lower() not in ('.png', '.jpg', '.jpeg'):
        raise ValueError(f'{path}: expected a name that ends in .png or .jpg')
    path.parent.mkdir(parents=True, exist_ok=True)
    options = [] if path.suffix.lower() == '.png' else [cv2.IMWRITE_JPEG_QUALITY, 88]
    if not cv2.imwrite(str(path), picture, options):
        raise OSError(f'{path}: the picture could not be written')


def _heading(name: str, width: int) -> np.ndarray:
    """Write what each column shows, and the run's name over the input; smaller if too long."""
    heading = np.full((_HEADING, width, 3), 255, np.uint8)
    font, column = cv2.FONT_HERSHEY_SIMPLEX, width // len(COLUMNS)
    for number, title in enumerate((name, *COLUMNS[1:])):
        (length, _), _ = cv2.getTextSize(title, font, 0.48, 1)
        cv2.putText(
            heading,
            title,
            (6 + number * column, 18),
            font,
            0.48 * min(1.0, (column - 12) / length),
            (40, 40, 40),
            1,
            cv2.LINE_AA,
        )
    return heading
