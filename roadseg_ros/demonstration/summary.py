"""The figures of report.json."""

from __future__ import annotations

import os
import platform

from roadseg_core.machine import processor, versions
from roadseg_core.metrics import Scores
from roadseg_ros.demonstration.settings import DemoSettings
from roadseg_ros.live.accounting import Accounting

_PACKAGES = ('numpy', 'opencv-python-headless', 'openvino', 'rclpy', 'rosbags')


def summarize(
    settings: DemoSettings,
    accounting: Accounting,
    *,
    engine: dict[str, str],
    scores: Scores | None,
    by_class: bool,
    played: str,
) -> dict:
    """
    Return report.json as plain types.

    :param engine: what the node's diagnostics say of its engine
    :param scores: None where there is no truth
    :param by_class: whether ``scores`` are of the model's own classes
    :param played: what was played, for people
    """
    total = accounting.frames['total']
    summary = {
        'cameras': list(settings.cameras),
        'played': played,
        'conditions': _conditions(settings),
        'frames': accounting.frames,
        'processed_share': round(total['processed'] / total['sent'], 5) if total['sent'] else None,
        'fps': accounting.fps,
        'latency_ms': {
            'p50': _rounded(accounting.percentile(50)),
            'p99': _rounded(accounting.percentile(99)),
            'max': _rounded(accounting.percentile(100)),
        },
        'iou': None,
        'miou': None,
        'road_iou': None,
        'engine': {
            key: engine.get(key, '')
            for key in (
                'backend',
                'precision',
                'model',
                'device',
                'threads',
                'inference_ms_p50',
                'inference_ms_p99',
                'mean_batch',
                'licence',
            )
        },
        'versions': versions(_PACKAGES),
        'problems': list(accounting.problems),
    }
    if scores is not None:
        values = scores.to_dict()
        summary.update(
            {
                'iou': values['iou'] if by_class else None,
                'miou': values['miou'] if by_class else None,
                'road_iou': values['road_iou'],
                'scores': values,
            }
        )
    return summary


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _conditions(settings: DemoSettings) -> dict[str, object]:
    return {
        'machine': processor(),
        'cores': os.cpu_count(),
        'system': platform.platform(),
        'source': str(settings.source) if settings.source else 'rendered drive',
        'size': None if settings.source else f'{settings.size[1]}x{settings.size[0]}',
        'fps': settings.fps,
        'phase': settings.phase,
        'seconds': settings.seconds,
    }
