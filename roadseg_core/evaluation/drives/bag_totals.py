"""What became of one bag: its totals, its problems and what is worth a note."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from roadseg_core.bags.cdr import BILLION
from roadseg_core.bags.reader import BagReader
from roadseg_core.evaluation.drives.analysis import CameraAnalysis, CameraSums
from roadseg_core.evaluation.drives.totals import BagOutcome, BagTotals
from roadseg_core.evaluation.drives.truth import TruthSource
from roadseg_core.evaluation.settings.settings import Settings


def bag_totals(
    path: Path,
    settings: Settings,
    bag: BagReader,
    notes: tuple[str, ...],
    *,
    analyses: Mapping[str, CameraAnalysis],
    truths: Mapping[str, TruthSource | None],
) -> BagTotals:
    """
    Return the totals of a bag that was read to its end.

    :param notes: beside those of the reader
    :param analyses: by topic, as ``truths``
    """
    whole = settings.start == 0 and settings.end is None
    cameras = {}
    problems = list(bag.losses.described)
    notes = [*bag.notes, *notes]
    for analysis in analyses.values():
        sums = analysis.sums
        notes.extend(_truth_notes(sums, truths[sums.camera.topic]))
        expected = bag.counts.get(sums.camera.topic, 0)
        lost = max(0, expected - sums.read) if whole else 0
        cameras[sums.camera.name] = sums.outcome(expected=expected, lost=lost)
        name = f'camera {sums.camera.name}'
        if lost:
            problems.append(f'{name}: {lost} of {expected} images could not be read')
        if sums.bad:
            problems.append(f'{name}: {sums.bad} images could not be decoded; see bad.jsonl')
        if sums.truth_bad:
            problems.append(f'{name}: the truth of {sums.truth_bad} frames cannot be compared')
        problems.extend(f'{name}: {text}' for text in sums.problems)
        if sums.backwards:
            notes.append(f'{name}: stamps ran backwards {sums.backwards} times')
        if sums.late_ns > BILLION:
            notes.append(
                f'{name}: its first image came {sums.late_ns / BILLION:.1f} s after the '
                'start of the bag'
            )
        if not sums.read:
            notes.append(f'{name}: no image{"" if whole else " in the time range"}')
    if not any(analysis.sums.evaluated for analysis in analyses.values()):
        problems.append('no frame was evaluated')
    elif settings.truth and not any(analysis.sums.scored for analysis in analyses.values()):
        problems.append('no frame could be compared with truth')
    matrices = [
        analysis.matrix.matrix.counts
        for analysis in analyses.values()
        if analysis.matrix is not None
    ]
    return BagTotals(
        bags=(
            BagOutcome(
                str(path), 'damaged' if problems else 'ok', tuple(problems), tuple(notes), cameras
            ),
        ),
        confusion=np.sum(matrices, 0) if matrices else None,
        confidence=np.sum([analysis.confidence for analysis in analyses.values()], 0),
        consistency_sum=sum(analysis.consistency[0] for analysis in analyses.values()),
        consistency_frames=sum(analysis.consistency[1] for analysis in analyses.values()),
        flicker_sum=sum(analysis.flicker[0] for analysis in analyses.values()),
        flicker_frames=sum(analysis.flicker[1] for analysis in analyses.values()),
    )


def _truth_notes(sums: CameraSums, truth: TruthSource | None) -> Iterator[str]:
    """Say which frames of a camera have no truth; count truth that is there and unreadable."""
    if truth is None:
        return
    # Whose truth it was cannot be read, so those frames seemed to have none.
    unreadable = min(truth.damaged, sums.truth_missing)
    sums.truth_missing -= unreadable
    sums.truth_bad += unreadable
    name = f'camera {sums.camera.name}'
    if truth.missing:
        yield f'{name}: no truth: {truth.missing}'
    elif sums.truth_missing:
        yield f'{name}: {sums.truth_missing} of {sums.evaluated} frames have no truth'
