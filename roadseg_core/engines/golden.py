"""Try an engine on the golden frame of its model file."""

from __future__ import annotations

import logging

import numpy as np

from roadseg_core.engines.base import Engine, EngineError
from roadseg_core.golden_frame import GoldenFrameError

LEAST_AGREEMENT = 0.98
"""Share of equal labels below which an engine is refused: more than rounding has changed."""

_log = logging.getLogger(__name__)


def try_golden_frame(engine: Engine) -> None:
    """
    Run the golden frame through an engine, in each place of the largest batch.

    That is the batch that engines prepare when they open: nothing is compiled for it.

    :raises EngineError: if the labels are not those of the model in fp32, or the frame is damaged
    """
    info = engine.info
    if 'labels' not in engine.outputs:
        _log.info('an engine that computes no labels is not tried on the golden frame')
        return
    if info.golden_frame is None:
        _log.warning(
            '%s has no golden frame: whether this engine computes what the model does is not '
            'known; add one by: roadseg add-golden-frame %s',
            info.path.name,
            info.path,
        )
        return
    try:
        picture, expected = info.golden_frame.arrays(info.geometry.input_size)
    except GoldenFrameError as error:
        raise EngineError(f'{info.path}: {error}; export the model again') from error
    labels = engine.infer(np.repeat(picture[None], info.max_batch, axis=0)).labels
    agreement = float((labels == expected).mean(axis=(1, 2)).min())
    what = engine.description
    if agreement < LEAST_AGREEMENT:
        raise EngineError(
            f'{what.backend} {what.version} on {what.device} in {what.precision} is not to be '
            f"trusted with {info.path.name}: {100 * agreement:.2f} % of the golden frame's labels "
            f'are those of the model in fp32; expected at least {100 * LEAST_AGREEMENT:g} %: set '
            'precision to fp32, or look at the driver, the plan (cache_dir) or the quantization'
        )
    _log.info('golden frame: %.2f %% of the labels are those of fp32', 100 * agreement)
