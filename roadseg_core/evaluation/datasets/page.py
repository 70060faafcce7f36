"""Write an evaluation as a page with pictures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path

import cv2
import numpy as np
from markupsafe import Markup

from roadseg_core.data.source import FrameSource
from roadseg_core.engines import Engine
from roadseg_core.evaluation.datasets.corruptions import CORRUPTIONS, corrupt
from roadseg_core.evaluation.datasets.frames import segment
from roadseg_core.evaluation.datasets.run import Evaluation, FrameScore, view_from_above
from roadseg_core.evaluation.datasets.text import (
    CONDITION_COLUMNS,
    VIEW_COLUMNS,
    class_rows,
    condition_rows,
    percent,
    view_rows,
)
from roadseg_core.files import write_atomically
from roadseg_core.labels import IGNORE, TWO
from roadseg_core.metrics import ProbabilityHistogram, RoadHistogram, Tally
from roadseg_core.metrics.probability_histogram import BINS
from roadseg_core.report.charts import Line, chart
from roadseg_core.report.page import class_colours, links, write_page
from roadseg_core.report.pictures import (
    Picture,
    alike,
    doubt_image,
    error_image,
    painting,
    photograph,
    thumbnail,
)

_WORST, _MIDDLE, _BEST = 4, 2, 2
_IN_A_STRIP, _IN_A_ROW, _STRIP_WIDTH = 3, 4, 320
_LEAST_SHARE = 1e-4
"""Share of the pixels in a bin of a reliability diagram, below which it is not drawn."""


@dataclass(frozen=True)
class ShownFrame:
    """The pictures of a frame."""

    title: str
    pictures: tuple[Picture, ...]


def write_report(
    path: Path,
    evaluation: Evaluation,
    engine: Engine,
    source: FrameSource,
    *,
    place: str,
    calibrations: Path | None,
    beside: Sequence[Path] = (),
) -> None:
    """
    Write the page; the frames on it are the worst, some of the middle and the best.

    :param engine: runs them once more
    :param beside: other results, to be linked
    :raises OSError: if the file cannot be written
    """
    report = evaluation.to_dict(engine, source, place=place)
    tally = evaluation.tally
    shown = [
        _show(engine, source, frame, title, place, calibrations)
        for title, frame in _choose(evaluation, source)
    ]
    corrupted = [
        _show(engine, source, evaluation.frames[len(evaluation.frames) // 2], name, place, None)
        for name in evaluation.corrupted
    ]
    write_page(
        path,
        __package__,
        'page.html.j2',
        report=report,
        files=links(path, beside),
        road_only=tally.road_only,
        colours=class_colours(tally.confusion.label_map),
        painted=class_colours(TWO if tally.road_only else tally.confusion.label_map),
        classes=class_rows(report['scores']),
        curves=_curves(tally),
        calibration=_calibration_charts({'as it is': tally, **evaluation.corrupted}),
        condition_columns=CONDITION_COLUMNS,
        conditions=condition_rows(report, error=percent),
        corrupted=corrupted,
        view_columns=VIEW_COLUMNS,
        views=view_rows(report['road']),
        shown=shown,
    )


def write_worst(
    path: Path, evaluation: Evaluation, engine: Engine, source: FrameSource, *, place: str
) -> None:
    """
    Write the worst frames as one picture: each a row of frame, truth, prediction and errors.

    :raises OSError: if the file cannot be written
    """
    rows = []
    for score in _different(_ranked(evaluation), _IN_A_STRIP, source):
        shown = _show(engine, source, score, score.name, place, None)
        parts = [
            cv2.imdecode(np.frombuffer(one.data, np.uint8), 1) for one in shown.pictures[:_IN_A_ROW]
        ]
        height = round(_STRIP_WIDTH * parts[0].shape[0] / parts[0].shape[1])
        size = (_STRIP_WIDTH, height)
        rows.append(
            np.hstack([cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in parts])
        )
    with write_atomically(path) as temporary:
        if not cv2.imwrite(str(temporary), np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 80]):
            raise OSError(f'{path}: cannot be written as a picture')


def _curves(tally: Tally) -> Markup:
    views: dict[str, RoadHistogram] = {'in the image': tally.image_view}
    if tally.frames_from_above:
        views['from above'] = tally.birds_eye_view
    lines = []
    for name, histogram in views.items():
        precision, recall = histogram.curve()
        lines.append(Line(100 * recall[::-1], 100 * precision[::-1], name))
    return chart(lines, about='precision over recall of the road', x='recall, %')


def _calibration_charts(conditions: Mapping[str, Tally]) -> dict[str, Markup]:
    """Return reliability diagrams and the risk-coverage curve, by what they show, in percent."""
    ideal = np.linspace(0.0, 100.0, BINS + 1)

    def reliability(histograms: Iterable[ProbabilityHistogram], about: str) -> Markup:
        lines = []
        for name, histogram in zip(conditions, histograms):
            stated, true, pixels = histogram.bins()
            shown = pixels > _LEAST_SHARE * pixels.sum()
            lines.append(Line(100 * stated[shown], 100 * true[shown], name))
        lines.append(Line(ideal, ideal, 'ideal', reference=True))
        return chart(lines, about=about, x='stated probability, %')

    risks = []
    for name, tally in conditions.items():
        coverage, risk = tally.confidence.risk_coverage()
        risks.append(Line(100 * coverage, 100 * risk, name))
    return {
        'Confidence: share of right pixels, %': reliability(
            (tally.confidence for tally in conditions.values()), 'reliability of the confidence'
        ),
        'Road probability: share of road, %': reliability(
            (tally.image_view for tally in conditions.values()), 'reliability of the road'
        ),
        'Risk: wrong pixels among the surest, %': chart(
            risks, about='wrong pixels over coverage', x='pixels that are kept, %'
        ),
    }


def _choose(evaluation: Evaluation, source: FrameSource) -> list[tuple[str, FrameScore]]:
    """Return titles and frames: the worst, some of the middle, the best; scenes that differ."""
    name, ranked = 'road IoU' if evaluation.tally.road_only else 'mIoU', _ranked(evaluation)
    chosen: dict[int, tuple[str, FrameScore]] = {}
    for word, count, frames in (
        ('worst', _WORST, ranked),
        ('middling', _MIDDLE, ranked[len(ranked) // 2 :]),
        ('best', _BEST, ranked[::-1]),
    ):
        others = (frame for frame in frames if frame.index not in chosen)
        for frame in _different(others, count, source):
            figure = percent(frame.figure(evaluation.tally.road_only))
            chosen[frame.index] = f'{frame.name}: {word}, {name} {figure} %', frame
    return list(chosen.values())


def _ranked(evaluation: Evaluation) -> list[FrameScore]:
    """Return the frames that have a figure, the worst first."""
    road_only = evaluation.tally.road_only
    return sorted(
        (frame for frame in evaluation.frames if isfinite(frame.figure(road_only))),
        key=lambda frame: frame.figure(road_only),
    )


def _different(
    frames: Iterable[FrameScore], count: int, source: FrameSource
) -> Iterator[FrameScore]:
    """Yield the first frames of which no two show the same scene."""
    shown: list[np.ndarray] = []
    for frame in frames:
        if len(shown) == count:
            return
        small = thumbnail(source.load(frame.index).image)
        if not any(alike(small, other) for other in shown):
            shown.append(small)
            yield frame


def _show(
    engine: Engine,
    source: FrameSource,
    score: FrameScore,
    title: str,
    place: str,
    calibrations: Path | None,
) -> ShownFrame:
    labelled = source.load(score.index)
    if title in CORRUPTIONS:
        image = corrupt(labelled.image, title, frame=labelled.name)
        labelled = replace(labelled, image=image)
    frame = segment(engine, labelled, place=place)
    label_map = engine.info.label_map
    truth, labels, shown_map = frame.truth, frame.labels, label_map
    if source.road_only:
        truth, labels, shown_map = (label_map.road_truth(truth), label_map.road_called(labels), TWO)
    pictures = [
        photograph('frame', frame.image),
        painting('truth', shown_map.colorize(truth), paint=True),
        painting('prediction', shown_map.colorize(labels), paint=True),
        painting('errors', error_image(truth, labels, shown_map)),
        photograph('confidence', doubt_image(frame.confidence)),
    ]
    above = view_from_above(calibrations, frame.name) if place == 'camera' else None
    if above is not None:
        errors = error_image(
            above.warp(label_map.road_truth(frame.truth), outside=IGNORE),
            above.warp(label_map.road_called(frame.labels), outside=0),
            TWO,
        )
        pictures.append(
            painting(
                'errors from above; ahead is to the right',
                cv2.rotate(errors, cv2.ROTATE_90_CLOCKWISE),
            )
        )
    return ShownFrame(title, tuple(pictures))
