"""Hold the result of one bag: its totals, problems and notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from roadseg_core.bags.cdr import BILLION
from roadseg_core.evaluation.drives.analysis import CameraAnalysis
from roadseg_core.evaluation.drives.totals import BagOutcome, BagTotals, ShareMean
from roadseg_core.evaluation.drives.truth import TruthSource
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.sources.camera_bag import Reader


def bag_totals(
    path: Path,
    config: EvaluationConfig,
    bag: Reader,
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
    whole = config.range.start_seconds == 0 and config.range.end_seconds is None
    cameras = {}
    problems = list(bag.losses.described)
    notes = [*bag.notes, *notes]
    for topic, analysis in analyses.items():
        counts, name = analysis.counts, f'camera {analysis.camera.name}'
        notes.extend(_truth_notes(analysis, truths[topic]))
        counts.expected = bag.counts.get(topic, 0)
        counts.lost = lost = max(0, counts.expected - counts.read) if whole else 0
        counts.drift = analysis.drift
        cameras[analysis.camera.name] = counts
        if lost:
            problems.append(f'{name}: {lost} of {counts.expected} images could not be read')
        if counts.bad:
            problems.append(f'{name}: {counts.bad} images could not be decoded; see bad.jsonl')
        if counts.truth_bad:
            problems.append(f'{name}: the truth of {counts.truth_bad} frames cannot be compared')
        problems.extend(f'{name}: {text}' for text in analysis.problems)
        if counts.backwards:
            notes.append(f'{name}: stamps ran backwards {counts.backwards} times')
        if counts.late_ns > BILLION:
            notes.append(
                f'{name}: its first image came {counts.late_ns / BILLION:.1f} s after the '
                'start of the bag'
            )
        if not counts.read:
            notes.append(f'{name}: no image{"" if whole else " in the time range"}')
    if not any(analysis.counts.evaluated for analysis in analyses.values()):
        problems.append('no frame was evaluated')
    elif config.truth and not any(analysis.counts.scored for analysis in analyses.values()):
        problems.append('no frame could be compared with truth')
    matrices = [
        analysis.matrix.matrix.counts
        for analysis in analyses.values()
        if analysis.matrix is not None
    ]
    ground = [
        analysis.ground.counts.counts
        for analysis in analyses.values()
        if analysis.ground is not None
    ]
    return BagTotals(
        bags=(
            BagOutcome(
                str(path), 'damaged' if problems else 'ok', tuple(problems), tuple(notes), cameras
            ),
        ),
        confusion=np.sum(matrices, 0) if matrices else None,
        ground=np.sum(ground, 0) if ground else None,
        confidence=np.sum([analysis.confidence for analysis in analyses.values()], 0),
        consistency=sum((analysis.consistency for analysis in analyses.values()), ShareMean()),
        flicker=sum((analysis.flicker for analysis in analyses.values()), ShareMean()),
    )


def _truth_notes(analysis: CameraAnalysis, truth: TruthSource | None) -> Iterator[str]:
    """Say which frames of a camera have no truth; count truth that is there and unreadable."""
    if truth is None:
        return
    counts = analysis.counts
    # Whose truth it was cannot be read, so those frames seemed to have none.
    unreadable = min(truth.damaged, counts.truth_missing)
    counts.truth_missing -= unreadable
    counts.truth_bad += unreadable
    if truth.missing:
        yield f'camera {analysis.camera.name}: no truth: {truth.missing}'
    elif counts.truth_missing:
        yield (
            f'camera {analysis.camera.name}: {counts.truth_missing} of {counts.evaluated} frames '
            'have no truth'
        )
