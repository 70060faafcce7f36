"""Sum up the demo in the figures of its report.json."""

from __future__ import annotations

import os
import platform

from roadseg_core.evaluation.demonstration.options import DemoOptions
from roadseg_core.machine import processor, versions

_PACKAGES = ('numpy', 'opencv-python-headless', 'openvino', 'rclpy', 'rosbags')
_ENGINE = (
    *('backend', 'precision', 'model', 'device', 'threads'),
    *('inference_ms_p50', 'inference_ms_p99', 'mean_batch', 'licence'),
)


def summarize(
    options: DemoOptions, live: dict, scores: dict | None, *, played: str, exit_code: int
) -> dict[str, object]:
    """
    Return report.json as plain types.

    :param live: what :func:`live_figures` returned
    :param scores: what :func:`live_scores` returned; None where there is no truth
    :param played: what was played, for people
    :param exit_code: the node's
    """
    total, engine = live['frames']['total'], live['engine'] or {}
    by_class = scores is not None and scores['by_class']
    return {
        'cameras': list(options.cameras),
        'played': played,
        'conditions': {
            'machine': processor(),
            'cores': os.cpu_count(),
            'system': platform.platform(),
            'source': str(options.source or 'rendered drive'),
            'size': None if options.source else f'{options.size[1]}x{options.size[0]}',
            'fps': options.fps,
            'phase': options.phase,
            'seconds': options.seconds,
        },
        'frames': live['frames'],
        'processed_share': round(total['processed'] / total['sent'], 5) if total['sent'] else None,
        'fps': live['fps'],
        'latency_ms': live['end_to_end_ms'],
        'iou': scores['iou'] if by_class else None,
        'miou': scores['miou'] if by_class else None,
        'road_iou': scores['road_iou'] if scores else None,
        'engine': {name: engine.get(name, '') for name in _ENGINE},
        'versions': versions(_PACKAGES),
        'problems': live['problems'],
        **({'scores': scores} if scores else {}),
        'node_exit_code': exit_code,
    }
