"""The learning rate as a function of the step: nothing to save, nothing to resume."""

from __future__ import annotations

import math

from roadseg_core.training.config import ScheduleSection


def rate_factor(section: ScheduleSection, *, step: int, steps: int, steps_per_epoch: int) -> float:
    """
    Return what to multiply the learning rate with.

    :param step: the update's number, from 0
    :param steps: updates in the whole run
    """
    warmup = max(1, round(section.warmup_epochs * steps_per_epoch))
    progress = min(1.0, step / steps)
    if section.name == 'cosine':
        factor = 0.5 * (1.0 + math.cos(math.pi * progress))
    elif section.name == 'poly':
        factor = (1.0 - progress) ** section.power
    elif section.name == 'step':
        factor = section.decay ** (step // steps_per_epoch)
    else:
        factor = 1.0
    return min(1.0, (step + 1) / warmup) * factor
