"""Sum up the demo in the figures of its report.json."""

from __future__ import annotations

import os
import platform

from roadseg_core.evaluation.demonstration.options import DemoOptions
from roadseg_core.machine import processor, versions

_PACKAGES = ('numpy', 'opencv-python-headless', 'openvino', 'rclpy', 'rosbags')
_ENGINE = (
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


def summarize(options: DemoOptions, live: dict, scores: dict | None, *, played: str) -> dict:
    """
    Return report.json as plain types.

    :param live: what :func:`live_figures` returned
    :param scores: what :func:`live_scores` returned; None where there is no truth
    :param played: what was played, for people
    """
    total, engine = live['frames']['total'], live['engine'] or {}
    summary = {
        'cameras': list(options.cameras),
        'played': played,
        'conditions': {
            'machine': processor(),
            'cores': os.cpu_count(),
            'system': platform.platform(),
            'source': str(options.source) if options.source else 'rendered drive',
            'size': None if options.source else f'{options.size[1]}x{options.size[0]}',
            'fps': options.fps,
            'phase': options.phase,
            'seconds': options.seconds,
        },
        'frames': live['frames'],
        'processed_share': round(total['processed'] / total['sent'], 5) if total['sent'] else None,
        'fps': live['fps'],
        'latency_ms': live['end_to_end_ms'],
        'iou': None,
        'miou': None,
        'road_iou': None,
        'engine': {name: engine.get(name, '') for name in _ENGINE},
        'versions': versions(_PACKAGES),
        'problems': live['problems'],
    }
    if scores is not None:
        by_class = scores['by_class']
        summary |= {
            'iou': scores['iou'] if by_class else None,
            'miou': scores['miou'] if by_class else None,
            'road_iou': scores['road_iou'],
            'scores': scores,
        }
    return summary


def describe(summary: dict) -> list[str]:
    """Say in lines of text what came of the demo."""
    total, latency, fps = (
        summary['frames']['total'],
        summary['latency_ms'],
        summary['conditions']['fps'],
    )
    cameras = len(summary['cameras'])
    lines = [
        f'{cameras} camera{"s" if cameras > 1 else ""} at {fps:g} fps: {total["sent"]} frames '
        f'sent, {total["processed"]} processed ({100 * (summary["processed_share"] or 0):.2f} %), '
        f'{total["lost_by_dds"]} lost by DDS'
    ]
    if latency['p50'] is not None:
        lines.append(
            f'end-to-end latency {latency["p50"]:.1f} ms (p50), {latency["p99"]:.1f} ms (p99); '
            f'{summary["fps"]["total"]:g} label images a second'
        )
    if summary['road_iou'] is not None:
        miou = '' if summary['miou'] is None else f', mIoU {summary["miou"]:.3f}'
        lines.append(
            f'road IoU {summary["road_iou"]:.3f}{miou} against exact truth of the rendered drive'
        )
    return [*lines, *(f'PROBLEM: {problem}' for problem in summary['problems'])]
