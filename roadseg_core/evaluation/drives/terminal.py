"""What an evaluation says in the terminal."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from roadseg_core.evaluation.drives.one_bag import Progress

_PERIOD = 0.5


def say_progress() -> Progress | None:
    """Return what rewrites one line as frames are done; None where nobody watches."""
    if not sys.stderr.isatty():
        return None
    said = [0.0]

    def say(done: int, total: int) -> None:
        now = time.monotonic()
        if now - said[0] >= _PERIOD:
            said[0] = now
            of = f' of {total}' if total else ''
            print(f'\r{done}{of} frames', end='\x1b[K\r', file=sys.stderr, flush=True)

    return say


def say_report(report: dict, output: Path) -> None:
    """Print the report's figures."""
    frames, timings, engine = report['frames'], report['timings'], report['engine']
    print(
        f'{len(report["bags"])} bags, {frames["evaluated"]} frames evaluated of '
        f'{frames["read"]} read ({frames["bad"]} bad, {frames["lost"]} lost); '
        f'{timings["frames_per_second"]} frames/s, {engine["backend"]} on {engine["device"]} '
        f'in {engine["precision"]}, batch {engine["batch"]}'
    )
    scores = report['scores']
    if scores:
        print(
            f'road IoU {_three(scores["road_iou"])}, mIoU {_three(scores["miou"])} over '
            f'{scores["frames"]} frames with truth'
        )
    quiet = report['no_truth']
    print(
        f'consistency {_three(quiet["consistency"])}, flicker {_three(quiet["flicker"])}, '
        f'{quiet["blackout"]} blackout, {quiet["frozen"]} frozen, confidence drift '
        f'{_three(quiet["confidence_drift"])}'
    )
    for bag in report['bags']:
        for problem in bag['problems']:
            print(f'LOST: {bag["path"]} ({bag["status"]}): {problem}')
        for note in bag['notes']:
            print(f'note: {bag["path"]}: {note}')
    for condition in report['conditions']:
        print(
            f'{"pass" if condition["passed"] else "FAIL"}: {condition["condition"]} '
            f'(measured {condition["measured"]}) {condition["reason"]}'.rstrip()
        )
    print(output.resolve())


def _three(value: float | None) -> str:
    return 'none' if value is None else f'{value:.3f}'
