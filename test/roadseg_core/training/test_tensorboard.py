"""What TensorBoard shows of a run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from roadseg_core.cli import main

FIGURES = ('loss', 'pixel_accuracy', 'road_recall', 'auc', 'miou')
"""Not the precision: a network that calls nothing road, such as a new one, has none."""


def test_scalars_and_pictures(tmp_path: Path, write_config: Callable[..., Path]) -> None:
    config = str(write_config('seven', frames=4, batch_size=2))
    assert main(['train', config, 'tensorboard=true', 'pictures=2']) == 0
    events = EventAccumulator(str(tmp_path / 'runs' / 'tiny'))
    events.Reload()
    scalars = events.Tags()['scalars']
    for name in FIGURES:
        assert {f'{name}/train', f'{name}/generated_val'} <= set(scalars)
        assert [event.step for event in events.Scalars(f'{name}/train')] == [2, 4]
    assert {'iou of generated_val/road', 'images_per_second', 'data_wait_share'} <= set(scalars)
    # Warm-up over half an epoch, one step, then the cosine.
    rates = [event.value for event in events.Scalars('learning_rate')]
    assert np.allclose(rates, [2e-3 * factor for factor in (1.0, 0.853553, 0.5, 0.146447)])

    (picture,) = (tag for tag in events.Tags()['images'] if tag.startswith('generated_val'))
    assert 'input, truth, prediction, road, errors' in picture
    shown = cv2.imdecode(
        np.frombuffer(events.Images(picture)[-1].encoded_image_string, np.uint8), cv2.IMREAD_COLOR
    )
    assert shown.shape == (2 * 32, 5 * 64, 3)
    samples = events.Images('samples')
    assert len(samples) == 2 and (samples[0].height, samples[0].width) == (2 * 32, 2 * 64)
