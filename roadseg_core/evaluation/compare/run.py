"""Evaluate two models on the same bags, and compare them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from roadseg_core.bags.cdr import BILLION
from roadseg_core.engines import EngineError, model_info
from roadseg_core.evaluation.compare.comparison import Comparison, ComparisonError, compare
from roadseg_core.evaluation.compare.figures import Key, read_rows, score_map
from roadseg_core.evaluation.compare.page import write_comparison_page
from roadseg_core.evaluation.compare.pictures import picture_frames
from roadseg_core.evaluation.compare.verdict import ACCEPTED, NO_RULE
from roadseg_core.evaluation.drives.scoring import truth_label_map
from roadseg_core.evaluation.run import evaluate_bags, forget_earlier
from roadseg_core.evaluation.settings.conditions import CLASS_PREFIX, Rule
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.files import default_model, write_json
from roadseg_core.labels import LABEL_MAPS, TWO, LabelMap
from roadseg_core.model_file import ModelFileError


@dataclass(frozen=True)
class ComparedModels:
    """
    Hold the results of a comparison.

    :param reports: report.json of the model, and of the one compared with
    :param rules: what was to hold of the differences
    """

    reports: tuple[dict, dict]
    comparison: Comparison
    rules: tuple[Rule, ...]

    @property
    def exit_code(self) -> int:
        """Return 2 where input was lost, 1 where a condition or the rule fails, else 0."""
        if any(report['exit_code'] == 2 for report in self.reports):
            return 2
        passed = self.comparison.verdict.verdict in (ACCEPTED, NO_RULE)
        return 0 if passed and self.reports[0]['exit_code'] == 0 else 1


def compare_models(config: EvaluationConfig, *, say: Callable[[str], None]) -> ComparedModels:
    """
    Evaluate both models and write what differs into the output folder.

    ``model/`` and ``against/`` there hold the two evaluations, ``comparison.json`` and
    ``report.html`` the comparison.

    :param config: of the model; the other differs from it in the model file alone, and has no
        conditions to meet
    :raises EvaluationError: if one of them cannot be evaluated, or they cannot be compared
    """
    choice = config.comparison
    for folder in (config.output, config.output / 'model', config.output / 'against'):
        forget_earlier(folder)
    maps = label_map_of(config.model), label_map_of(choice.against)
    config = _with_truth_map(config, maps[0])
    _refuse_undecidable(config, maps)
    quiet = config.outputs.model_copy(update={'annotated': '', 'video': False})
    other = {'model': choice.against, 'conditions': (), 'outputs': quiet}
    both = (
        config.model_copy(update={'output': config.output / 'model'}),
        config.model_copy(update={'output': config.output / 'against', **other}),
    )
    reports = []
    for letter, one in zip('AB', both):
        say(f'{letter}: {one.model or "the shipped model"}')
        reports.append(evaluate_bags(one, say=say))
    first, second = reports
    rows = [read_rows(one.output / 'frames.jsonl') for one in both]
    try:
        comparison = compare(
            *rows, maps=maps, choice=choice, score_maps=(score_map(first), score_map(second))
        )
    except ComparisonError as error:
        raise EvaluationError(str(error)) from error
    compared = ComparedModels((first, second), comparison, choice.rule)
    try:
        topics = {
            bag['path']: {name: camera['topic'] for name, camera in bag['cameras'].items()}
            for bag in first['bags']
        }
        began_ns: dict[str, int] = {}
        for bag, _, stamp_ns, _ in rows[0]:
            began_ns[bag] = min(stamp_ns, began_ns.get(bag, stamp_ns))
        moments = [
            (key, _title(key, began_ns[key[0]], *(model[key] for model in rows)), pictures)
            for key, pictures in picture_frames(comparison.most_different, topics, both).items()
        ]
        write_comparison_page(config.output / 'report.html', comparison, choice, reports, moments)
        write_json(
            config.output / 'comparison.json',
            {
                'model': first['model'],
                'against': second['model'],
                **choice.model_dump(include={'confidence', 'block_seconds', 'resamples'}),
                **comparison.to_dict(),
                'conditions': first['conditions'],
                'exit_code': compared.exit_code,
            },
        )
    except OSError as error:
        raise EvaluationError(
            f'{error.filename or config.output} cannot be written: {error.strerror or error}'
        ) from error
    return compared


def label_map_of(model: Path | None) -> LabelMap:
    """
    Return the label map of a model file or checkpoint.

    :param model: None for the model shipped
    :raises EvaluationError: if it cannot be read
    """
    try:
        return model_info(model or default_model()).label_map
    except (EngineError, ModelFileError) as error:
        raise EvaluationError(str(error)) from error


def _with_truth_map(config: EvaluationConfig, label_map: LabelMap) -> EvaluationConfig:
    """Read the truth by the first model's classes: ids mean the same to both."""
    if not config.truth or config.truth.label_map:
        return config
    if LABEL_MAPS.get(label_map.name) != label_map:
        raise EvaluationError(
            f'the truth has no label map, and that of the first model, {label_map.name!r}, is '
            'none of the known; name one: --truth-map, or label_map in the evaluation file'
        )
    truth = config.truth.model_copy(update={'label_map': label_map.name})
    return config.model_copy(update={'truth': truth})


def _refuse_undecidable(config: EvaluationConfig, maps: tuple[LabelMap, LabelMap]) -> None:
    """Refuse a rule on a figure that these two models have not in common."""
    same_classes = maps[0].names == maps[1].names
    classes: tuple[str, ...] = ()
    if config.truth:
        truth = truth_label_map(config, maps[0]).names
        scored = [own.names if own.names == truth else TWO.names for own in maps]
        classes = scored[0] if scored[0] == scored[1] else ()
    for rule in config.comparison.rule:
        name = rule.condition.name
        if (
            (name == 'consistency' and not same_classes)
            or (name == 'miou' and not classes)
            or (name.startswith(CLASS_PREFIX) and name.removeprefix(CLASS_PREFIX) not in classes)
        ):
            raise EvaluationError(
                f"the rule '{rule.condition}' can never be decided: the models are compared by "
                f'{", ".join(classes) or "road alone"}, as one has the classes of '
                f'{maps[0].name!r} and the other those of {maps[1].name!r}; bound road_iou, '
                'road_precision, road_recall or flicker'
            )


def _title(key: Key, began_ns: int, first: dict, second: dict) -> str:
    bag, camera, stamp, index = key
    values = [
        f'{name} {first[field]:.3f} against {second[field]:.3f}'
        for name, field in (('road IoU', 'road_iou'), ('road share', 'road_share'))
        if first.get(field) is not None and second.get(field) is not None
    ]
    return (
        f'{Path(bag).name}, camera {camera}, frame {index} at {(stamp - began_ns) / BILLION:.2f} s '
        f'(stamp {stamp / BILLION:.3f}): '
        f'{", ".join(values)}'
    )
