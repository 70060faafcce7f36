"""Two evaluations side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from roadseg_core.evaluation.compare.comparison import Comparison, ComparisonError, compare
from roadseg_core.evaluation.compare.figures import Key, score_map
from roadseg_core.evaluation.compare.page import (
    headline,
    write_comparison_page,
)
from roadseg_core.evaluation.settings.sections import ComparisonChoice
from roadseg_core.labels import TWO, LabelMap
from roadseg_core.metrics import ConfusionMatrix

THREE = LabelMap('three', ('sky', 'road', 'void'), ((0, 0, 9), (0, 9, 0), (0, 0, 0)), (1,), (2,))
SECOND = 1_000_000_000


def rows_of(
    error: float, *, label_map: LabelMap = TWO, frames: int = 60, seed: int = 0, truth: bool = True
) -> dict[Key, dict]:
    """Return rows of a model that is wrong on a share of the pixels."""
    generator = np.random.default_rng(seed)
    rows = {}
    for index in range(frames):
        image = generator.integers(0, 2, (20, 20)).astype(np.uint8)
        wrong = generator.random(image.shape) < error * (1 + np.sin(index))
        labels = np.where(wrong, 1 - image, image).astype(np.uint8)
        matrix = ConfusionMatrix(label_map)
        matrix.update(image, labels)
        scores = matrix.scores()
        rows['bag', 'front', index * SECOND, index] = {
            'class_share': {
                name: float((labels == id_).mean()) for id_, name in enumerate(label_map.names)
            },
            'road_share': float(labels.mean()),
            'confidence': None,
            'flicker': error,
            'consistency': 1 - error,
            'road_iou': scores.road_iou if truth else None,
            'confusion': matrix.counts.tolist() if truth else None,
        }
    return rows


def choice(*rule: str, **values: object) -> ComparisonChoice:
    return ComparisonChoice(against=Path('b.onnx'), rule=rule, resamples=300, **values)


def compared(
    first: dict[Key, dict],
    second: dict[Key, dict],
    *,
    maps: tuple[LabelMap, LabelMap],
    choice: ComparisonChoice,
) -> Comparison:
    """Compare rows whose confusion matrices, if any, are of the models' own classes."""
    scored = [any(row['confusion'] for row in rows.values()) for rows in (first, second)]
    return compare(
        first,
        second,
        maps=maps,
        choice=choice,
        score_maps=tuple(label_map if known else None for label_map, known in zip(maps, scored)),
    )


def test_what_a_confusion_matrix_counts_is_told_and_not_guessed() -> None:
    other = LabelMap.from_dict({**TWO.to_dict(), 'name': 'paint', 'names': ['plain', 'marked']})
    model = {'label_map': other.to_dict()}
    assert score_map({'model': model, 'scores': None}) is None
    assert score_map({'model': model, 'scores': {'by_class': True}}) == other
    assert score_map({'model': model, 'scores': {'by_class': False}}) == TWO


def test_figures_are_those_of_the_summed_confusion_matrix() -> None:
    first, second = rows_of(0.05, label_map=THREE), rows_of(0.1, label_map=THREE)
    result = compared(first, second, maps=(THREE, THREE), choice=choice('road_iou > 0'))
    matrix = ConfusionMatrix(THREE)
    matrix.counts += sum(np.array(row['confusion']) for row in first.values())
    figures = {figure.name: figure for figure in result.figures}
    scores = matrix.scores()
    assert figures['road_iou'].first.value == pytest.approx(scores.road_iou)
    assert figures['miou'].first.value == pytest.approx(scores.miou)
    assert figures['iou.sky'].first.value == pytest.approx(scores.iou['sky'])
    assert figures['road_recall'].first.value == pytest.approx(scores.road_recall)
    assert 'iou.void' not in figures
    assert figures['flicker'].difference.value == pytest.approx(-0.05)
    assert figures['flicker'].shown == 'better' and figures['road_iou'].shown == 'better'
    assert result.verdict.verdict == 'accepted' and result.blocks == 30


def test_a_model_is_not_better_than_itself() -> None:
    rows = rows_of(0.1)
    result = compared(rows, rows, maps=(TWO, TWO), choice=choice('road_iou > 0', 'miou >= 0'))
    assert all(
        figure.difference == figure.difference.__class__(0, 0, 0) for figure in result.figures
    )
    assert result.verdict.verdict == 'rejected'  # never surely better
    assert result.most_different == ()


def test_models_of_other_classes_are_compared_by_road_alone() -> None:
    result = compared(
        rows_of(0.1, label_map=THREE), rows_of(0.1), maps=(THREE, TWO), choice=choice('miou > 0')
    )
    names = {figure.name for figure in result.figures}
    assert {'road_iou', 'flicker'} < names and not result.same_classes
    # These depend on how many classes there are.
    assert names.isdisjoint({'miou', 'consistency', 'confidence'})
    assert result.verdict.verdict == 'undecided'
    assert 'not measured for both' in result.verdict.reasons[0]


def test_without_truth_and_without_rule_there_is_still_a_comparison() -> None:
    result = compared(
        rows_of(0.1, truth=False),
        rows_of(0.3, truth=False, seed=1),
        maps=(TWO, TWO),
        choice=choice(),
    )
    assert {figure.name for figure in result.figures} == {'consistency', 'flicker', 'road_share'}
    assert result.verdict.verdict == 'no rule' and len(result.most_different) == 6
    blocks = {key[2] // (2 * SECOND) for key in result.most_different}
    assert len(blocks) == 6  # no two neighbours


def test_frames_of_one_model_alone_are_left_out_and_counted() -> None:
    first, second = rows_of(0.1), rows_of(0.1)
    del first['bag', 'front', 0, 0]
    del second['bag', 'front', SECOND, 1]
    del second['bag', 'front', 2 * SECOND, 2]
    result = compared(first, second, maps=(TWO, TWO), choice=choice())
    assert (result.frames, result.only_first, result.only_second) == (57, 2, 1)
    with pytest.raises(ComparisonError, match='no frame in common'):
        compared(first, {}, maps=(TWO, TWO), choice=choice())


def test_the_outcome_does_not_depend_on_the_order_of_rows() -> None:
    first, second = rows_of(0.05), rows_of(0.06, seed=3)
    backwards = dict(reversed(second.items()))
    one = compared(first, second, maps=(TWO, TWO), choice=choice())
    two = compared(dict(reversed(first.items())), backwards, maps=(TWO, TWO), choice=choice())
    assert one.to_dict() == two.to_dict()


@pytest.mark.parametrize(('frames', 'expected'), [(60, 'A is accepted.'), (4, 'Undecided: ')])
def test_the_page_tells_the_verdict(tmp_path: Path, frames: int, expected: str) -> None:
    result = compared(
        rows_of(0.05, frames=frames),
        rows_of(0.2, frames=frames),
        maps=(TWO, TWO),
        choice=choice('road_iou > 0'),
    )
    report = {
        'model': {
            'path': 'new <1>',
            'network': 'unet',
            'input_size': [20, 20],
            'label_map': TWO.to_dict(),
            'sha256': '0' * 64,
        },
        'engine': {'backend': 'openvino', 'device': 'CPU', 'precision': 'fp32'},
        'timings': {'latency_ms_p50': 1.0, 'latency_ms_p99': None, 'frames_per_second': 9.0},
        'bags': [{'path': 'drive', 'status': 'failed', 'problems': ['a half']}],
    }
    rules = choice('road_iou > 0')
    moment = (('drive', 'front', 3 * 10**9, 30), 'front, 3 s', ())
    write_comparison_page(tmp_path / 'report.html', result, rules, [report, report], [moment])
    text = (tmp_path / 'report.html').read_text(encoding='utf-8')
    assert expected in text and 'new &lt;1&gt;' in text and 'front, 3 s' in text
    assert 'road_iou' in headline(result)
