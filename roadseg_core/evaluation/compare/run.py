"""Evaluate two models on the same bags, and compare them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from roadseg_core.bags.cdr import BILLION
from roadseg_core.evaluation.compare.comparison import Comparison, ComparisonError, compare
from roadseg_core.evaluation.compare.figures import Key, read_rows, score_map
from roadseg_core.evaluation.compare.page import PageFacts, write_comparison_page
from roadseg_core.evaluation.compare.pictures import BagPlace, different_moments
from roadseg_core.evaluation.compare.verdict import ACCEPTED, NO_RULE
from roadseg_core.evaluation.drives.one_bag import Progress
from roadseg_core.evaluation.drives.publishing import write_json
from roadseg_core.evaluation.drives.run import evaluate_bags, forget_earlier
from roadseg_core.evaluation.fleet.fleet import Fleet
from roadseg_core.evaluation.settings.scenario import ComparisonChoice
from roadseg_core.evaluation.settings.settings import EvaluationError, Settings
from roadseg_core.labels import LABEL_MAPS, LabelMap
from roadseg_core.report.page import class_colours


@dataclass(frozen=True)
class ComparisonOutcome:
    """
    Hold what came of a comparison.

    :param reports: report.json of the model, and of the one compared with
    """

    reports: tuple[dict, dict]
    comparison: Comparison

    @property
    def exit_code(self) -> int:
        """Return 2 where input was lost, 1 where a condition or the rule fails, else 0."""
        if any(report['exit_code'] == 2 for report in self.reports):
            return 2
        passed = self.comparison.verdict.verdict in (ACCEPTED, NO_RULE)
        return 0 if passed and self.reports[0]['exit_code'] == 0 else 1


def compare_models(
    settings: Settings,
    choice: ComparisonChoice,
    *,
    fleet: Fleet | None,
    say: Callable[[str], None],
    progress: Progress | None = None,
) -> ComparisonOutcome:
    """
    Evaluate both models and write what differs into the output folder.

    ``model/`` and ``against/`` there hold the two evaluations, ``comparison.json`` and
    ``report.html`` the comparison.

    :param settings: of the model; the other differs from it in the model file alone, and has no
        conditions to meet
    :raises EvaluationError: if one of them cannot be evaluated, or they cannot be compared
    """
    both = (
        replace(settings, output=settings.output / 'model'),
        replace(
            settings,
            output=settings.output / 'against',
            model=str(choice.against),
            conditions=(),
            annotated='',
            video=False,
        ),
    )
    for folder in (settings.output, *(one.output for one in both)):
        forget_earlier(folder)
    say(f'A: {settings.model or "the shipped model"}')
    first = evaluate_bags(both[0], fleet=fleet, progress=progress, say=say)
    maps = [LabelMap.from_dict(first['model']['label_map'])]
    both = both[0], _same_truth(both[1], maps[0])
    say(f'B: {choice.against}')
    second = evaluate_bags(both[1], fleet=fleet, progress=progress, say=say)
    maps.append(LabelMap.from_dict(second['model']['label_map']))
    rows = [read_rows(one.output / 'frames.jsonl') for one in both]
    try:
        comparison = compare(
            *rows, maps=tuple(maps), choice=choice, score_maps=(score_map(first), score_map(second))
        )
    except ComparisonError as error:
        raise EvaluationError(str(error)) from error
    outcome = ComparisonOutcome((first, second), comparison)
    try:
        _write_page(settings.output / 'report.html', outcome, both, rows, choice)
        write_json(
            settings.output / 'comparison.json',
            {
                'model': first['model'],
                'against': second['model'],
                'confidence': choice.confidence,
                'block_seconds': choice.block_seconds,
                'resamples': choice.resamples,
                **comparison.to_dict(),
                'conditions': first['conditions'],
                'exit_code': outcome.exit_code,
            },
        )
    except OSError as error:
        raise EvaluationError(
            f'{error.filename or settings.output} cannot be written: {error.strerror or error}'
        ) from error
    return outcome


def _same_truth(settings: Settings, label_map: LabelMap) -> Settings:
    """Read the truth by the first model's classes: ids mean the same to both."""
    if not settings.truth or settings.truth.label_map:
        return settings
    if LABEL_MAPS.get(label_map.name) != label_map:
        raise EvaluationError(
            f'the truth has no label map, and that of the first model, {label_map.name!r}, is '
            'none of the known; name one: --truth-map, or label_map in the scenario'
        )
    return replace(settings, truth=replace(settings.truth, label_map=label_map.name))


def _write_page(
    path: Path,
    outcome: ComparisonOutcome,
    settings: tuple[Settings, Settings],
    rows: list[dict[Key, dict]],
    choice: ComparisonChoice,
) -> None:
    comparison, reports = outcome.comparison, outcome.reports
    places = {
        str(bag): BagPlace(
            bag, {camera: values['topic'] for camera, values in entry['cameras'].items()}
        )
        for bag, entry in ((bag, _bag(reports[0], bag)) for bag in settings[0].bags)
    }
    maps = [LabelMap.from_dict(report['model']['label_map']) for report in reports]
    colours = [class_colours(label_map) for label_map in maps]
    moments = different_moments(
        comparison.most_different,
        places,
        settings,
        {key: _title(key, *(model[key] for model in rows)) for key in comparison.most_different},
    )
    write_comparison_page(
        path,
        comparison,
        PageFacts(
            models=tuple(_about(report) for report in reports),
            confidence=choice.confidence,
            block_seconds=choice.block_seconds,
            resamples=choice.resamples,
            speeds=_speeds(reports),
            problems=_problems(reports),
            pages=('model/report.html', 'against/report.html'),
            legends=tuple(colours[:1] if colours[0] == colours[1] else colours),
        ),
        moments,
    )


def _bag(report: dict, bag: Path) -> dict:
    return next(entry for entry in report['bags'] if entry['path'] == str(bag))


def _about(report: dict) -> str:
    model, engine = report['model'], report['engine']
    height, width = model['input_size']
    return (
        f'{model["path"]}: {model["network"]}, {width}x{height}, classes of '
        f'{model["label_map"]["name"]!r}; {engine["backend"]} on {engine["device"]} in '
        f'{engine["precision"]}; SHA-256 {model["sha256"][:12]}'
    )


def _title(key: Key, first: dict, second: dict) -> str:
    bag, camera, stamp, index = key
    values = [
        f'{name} {first[field]:.3f} against {second[field]:.3f}'
        for name, field in (('road IoU', 'road_iou'), ('road share', 'road_share'))
        if first.get(field) is not None and second.get(field) is not None
    ]
    return (
        f'{Path(bag).name}, {camera}, frame {index}, stamp {stamp / BILLION:.3f} s: '
        f'{", ".join(values)}'
    )


def _speeds(reports: tuple[dict, dict]) -> tuple[tuple[str, str, str], ...]:
    found = []
    for name, key, unit in (
        ('latency, median', 'latency_ms_p50', ' ms'),
        ('latency, 99th percentile', 'latency_ms_p99', ' ms'),
        ('frames a second', 'frames_per_second', ''),
    ):
        values = [report['timings'][key] for report in reports]
        found.append(
            (name, *('none' if value is None else f'{value:.1f}{unit}' for value in values))
        )
    return tuple(found)


def _problems(reports: tuple[dict, dict]) -> tuple[str, ...]:
    return tuple(
        f'{letter}: {bag["path"]}: {problem}'
        for letter, report in zip('AB', reports)
        for bag in report['bags']
        for problem in bag['problems']
    )
