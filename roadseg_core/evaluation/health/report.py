"""Make the report of a health evaluation: figures, text, Markdown and page."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from roadseg_core.engines import Engine
from roadseg_core.evaluation.health.clips import Clip, Frames, distinct, find_clips, small
from roadseg_core.evaluation.health.faults import FAULTS
from roadseg_core.evaluation.health.run import (
    EXTREMES,
    CleanOutcome,
    Trial,
    is_long_enough,
    judge_clean,
    run_trials,
)
from roadseg_core.health import HealthSettings
from roadseg_core.machine import describe_machine
from roadseg_core.report.charts import Line, chart
from roadseg_core.report.page import links, write_page
from roadseg_core.report.text_table import table

_SEEDS = (None, 1, 2)
"""Each clip is judged as it is, and with two combinations of gain and noise."""

_CLIP_COLUMNS = ('clip', 'thresholds', 'frames', 'distinct', 'degraded', 'unusable', 'reasons')
_FAULT_COLUMNS = ('fault', 'within', 'clips chosen on', 'other clips', 'median', 'slowest')


def evaluate_health(
    root: Path | None, engine: Engine, *, trials: int, command: str
) -> dict[str, object]:
    """
    Judge every clip and simulate the faults.

    :param root: of the data; None: rendered drives alone
    :param engine: with labels and confidence
    :param trials: of each fault on the clips that thresholds were chosen on, and as many on others
    :returns: plain JSON types
    """
    from tqdm import tqdm

    clips = list(find_clips(root, engine.info.geometry))
    rows, seen, extremes, long_enough = [], [], [], []
    for clip in tqdm(clips, desc='clips', leave=False, disable=None):
        frames: Frames = clip.read()
        outcomes = [judge_clean(clip, frames, engine, seed) for seed in _SEEDS]
        smalls = small(frames[1])
        seen.append(smalls)
        rows.append(_clip_row(clip, frames, outcomes, distinct(smalls)))
        extremes.append((clip.chosen, [outcome.extremes for outcome in outcomes]))
        if not clip.stills and is_long_enough(frames):
            long_enough.append((clip, frames))
    found: dict[str, list[Trial]] = {}
    for part, chosen in (('chosen', True), ('others', False)):
        usable = [(clip, frames) for clip, frames in long_enough if clip.chosen == chosen]
        with tqdm(total=trials, desc='trials', leave=False, disable=None) as progress:
            found[part] = list(
                run_trials(usable, engine.info.label_map, trials, on_trial=progress.update)
            )
    return {
        'command': command,
        'machine': describe_machine(),
        'model': {'file': engine.info.path.name, 'sha256': engine.info.sha256},
        'thresholds': asdict(HealthSettings()),
        'frames': sum(row['frames'] for row in rows),
        'distinct_frames': distinct(np.concatenate(seen)),
        'runs_of_a_clip': len(_SEEDS),
        'clips': rows,
        'extremes': {
            part: {
                name: round(
                    most(
                        one[name]
                        for is_chosen, ones in extremes
                        if is_chosen == chosen
                        for one in ones
                    ),
                    4,
                )
                for name, most in EXTREMES.items()
            }
            for part, chosen in (('chosen', True), ('others', False))
            if any(is_chosen == chosen for is_chosen, _ in extremes)
        },
        'false_degraded': sum(row['degraded'] for row in rows),
        'false_unusable': sum(row['unusable'] for row in rows),
        'faults': [_fault_row(name, found) for name in FAULTS],
    }


def _clip_row(
    clip: Clip, frames: Frames, outcomes: Sequence[CleanOutcome], own: int
) -> dict[str, object]:
    times, pictures = frames
    return {
        'clip': clip.name,
        'chosen': clip.chosen,
        'stills': clip.stills,
        'frames': len(pictures),
        'distinct': own,
        'seconds': 0.0 if clip.stills else round(float(times[-1] - times[0]), 2),
        'degraded': sum(outcome.degraded for outcome in outcomes),
        'unusable': sum(outcome.unusable for outcome in outcomes),
        'reasons': sorted({reason for outcome in outcomes for reason in outcome.reasons}),
    }


def _fault_row(name: str, found: Mapping[str, Sequence[Trial]]) -> dict[str, object]:
    fault = FAULTS[name]
    row: dict[str, object] = {
        'fault': name,
        'reason': fault.reason,
        'within': f'{fault.frames} frames' if fault.frames else f'{fault.seconds:g} s',
    }
    for part, trials in found.items():
        own = [trial for trial in trials if trial.fault == name]
        delays = sorted(trial.seconds for trial in own if trial.seconds is not None)
        row[part] = {
            'trials': len(own),
            'clips': len({trial.clip for trial in own}),
            'found': len(delays),
            'seconds': [round(delay, 3) for delay in delays],
            'most_frames': max((trial.frames for trial in own if trial.frames), default=None),
        }
    return row


def clip_rows(report: Mapping) -> list[list[str]]:
    """Return the cells of the clips, see :func:`summary`."""
    return [
        [
            row['clip'],
            'chosen' if row['chosen'] else 'tried',
            str(row['frames']),
            str(row['distinct']),
            str(row['degraded']),
            str(row['unusable']),
            ', '.join(row['reasons']) or 'none',
        ]
        for row in report['clips']
    ]


def fault_rows(report: Mapping) -> list[list[str]]:
    """Return the cells of the faults, see :func:`summary`."""
    rows = []
    for row in report['faults']:
        parts = [row['chosen'], row['others']]
        delays = [seconds for part in parts for seconds in part['seconds']]
        told = [f'{part["found"]} of {part["trials"]}' for part in parts]
        rows.append(
            [
                f'{row["fault"]}: {row["reason"]}',
                row['within'],
                *told,
                f'{statistics.median(delays):.2f} s' if delays else '-',
                f'{max(delays):.2f} s' if delays else '-',
            ]
        )
    return rows


def summary(report: Mapping, *, markdown: bool = False) -> str:
    """Return the figures as text for a terminal, or as Markdown."""
    runs = report['runs_of_a_clip']
    return '\n\n'.join(
        (
            table(_FAULT_COLUMNS, fault_rows(report), markdown=markdown),
            table(_CLIP_COLUMNS, clip_rows(report), markdown=markdown),
            f'{len(report["clips"])} clips of {report["frames"]} frames, '
            f'{report["distinct_frames"]} of them distinct, each judged {runs} times: as it is, '
            f'and with {runs - 1} gains and noises. False alarms: '
            f'{report["false_unusable"]} unusable, {report["false_degraded"]} degraded.',
        )
    )


def write_report(path: Path, report: Mapping, beside: Sequence[Path]) -> None:
    """Write the report as a page that links to other results."""
    lines = []
    for row in report['faults']:
        delays = np.array(sorted(row['chosen']['seconds'] + row['others']['seconds']))
        trials = row['chosen']['trials'] + row['others']['trials']
        if len(delays):
            share = 100 * np.arange(1, len(delays) + 1) / trials
            lines.append(Line(delays, share, row['fault']))
    write_page(
        path,
        __package__,
        'page.html.j2',
        report=report,
        files=links(path, beside),
        fault_columns=_FAULT_COLUMNS,
        faults=fault_rows(report),
        clip_columns=_CLIP_COLUMNS,
        clips=clip_rows(report),
        delays=chart(
            lines,
            about='share of the simulated faults that were found, by the time since they began',
            x='seconds since the fault began',
            limits={'95 %': 95.0},
        ),
    )
