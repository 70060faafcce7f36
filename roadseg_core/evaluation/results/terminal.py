"""Format the results of an evaluation for the terminal."""

from __future__ import annotations

from pathlib import Path

from roadseg_core.evaluation.settings.conditions import verdict_of


def describe_report(report: dict, output: Path) -> list[str]:
    """Return the report's figures as lines of text; what was not measured is left out."""
    frames, timings, engine = report['frames'], report['timings'], report['engine']
    scores, quiet = report['scores'], report['no_truth']
    speed = timings['frames_per_second']
    lines = [
        f'{counted(len(report["bags"]), "bag")}, {counted(frames["evaluated"], "frame")} '
        f'evaluated of {frames["read"]} read ({frames["bad"]} bad, {frames["lost"]} lost)'
        + (f'; {speed} frames/s' if speed else '')
        + f', {engine["backend"]} on {engine["device"]} in {engine["precision"]}, batch '
        f'{engine["batch"]}'
    ]
    if scores:
        figures = _measured(scores, {'road_iou': 'road IoU', 'miou': 'mIoU'})
        shown = counted(scores['frames'], 'frame')
        lines.append(f'{figures or "no class to compare"} over {shown} with truth')
    if 'ground' in report:
        figures = _measured(
            report['ground']['within_20_m'],
            {'iou': 'IoU', 'false_free': 'false free', 'road_seen': 'road seen'},
        )
        lines.append(f'on the ground, within 20 m: {figures}')
    if frames['evaluated']:
        figures = _measured(
            quiet,
            {
                'consistency': 'consistency',
                'flicker': 'flicker',
                'confidence_drift': 'confidence drift',
            },
        )
        lines.append(
            f'{figures}{", " if figures else ""}{quiet["blackout"]} blackout, '
            f'{quiet["frozen"]} frozen'
        )
    for bag in report['bags']:
        lines += [f'LOST: {bag["path"]} ({bag["status"]}): {text}' for text in bag['problems']]
        lines += [f'note: {bag["path"]}: {text}' for text in bag['notes']]
    lines += [verdict_of(entry) for entry in report['conditions']]
    return [*lines, str(output.resolve())]


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, such as ``1 bag`` or ``2 bags``."""
    return f'{count} {noun}{"" if count == 1 else "s"}'


def _measured(values: dict, names: dict[str, str]) -> str:
    return ', '.join(
        f'{name} {values[key]:.3f}' for key, name in names.items() if values[key] is not None
    )
