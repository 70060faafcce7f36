"""A result of something else is never taken for that of a bag."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from evaluation_configs import changed, configured

from roadseg_core.engines import EngineDescription
from roadseg_core.evaluation.fleet.fingerprint import code_state, fingerprints
from roadseg_core.evaluation.run import evaluate_bags
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.sections import TruthChoice

ROOT = Path(__file__).resolve().parents[4]
CPU = EngineDescription('openvino', 'CPU', 'fp32', 2, '1')
MAP = 'name: own\nnames: [other, road]\npalette: [[0, 0, 0], [0, 255, 0]]\nroad_ids: [1]\n'


@pytest.fixture
def labels(tmp_path: Path) -> Callable[[int], Path]:
    """Return a function that writes a folder of truth of one class for two frames."""

    def write(value: int) -> Path:
        folder = tmp_path / 'labels'
        folder.mkdir(exist_ok=True)
        for index in range(2):
            cv2.imwrite(str(folder / f'{index}.png'), np.full((80, 120), value, np.uint8))
        return folder

    return write


def test_truth_that_was_rewritten_is_compared_again(
    street_bag, labels, exact_model, tmp_path
) -> None:
    settings = configured(
        bags=(street_bag('drive', frames=2),),
        output=tmp_path / 'out',
        model=exact_model,
        consistency=False,
        truth=TruthChoice(folder=labels(1), key='index'),
    )
    said: list[str] = []
    first = evaluate_bags(settings, say=said.append)
    evaluate_bags(settings, say=said.append)
    assert 'evaluated before' not in said[0] and 'evaluated before' in said[1]
    labels(0)
    third = evaluate_bags(settings, say=said.append)
    assert 'evaluated before' not in said[2]
    assert third['scores'] != first['scores'] and third['scores']['road_iou'] == 0.0


def test_what_a_result_depends_on_is_in_its_fingerprint(
    street_bag, labels, exact_model, tmp_path, monkeypatch
) -> None:
    bag = street_bag('drive', frames=1)
    label_map = tmp_path / 'map.yaml'
    label_map.write_text(MAP, encoding='utf-8')
    settings = configured(
        bags=(bag,),
        output=tmp_path / 'out',
        model=exact_model,
        truth=TruthChoice(folder=labels(1), label_map=str(label_map)),
    )

    def made(settings: EvaluationConfig = settings, engine: EngineDescription = CPU) -> str:
        return fingerprints(settings, model=Path(exact_model), engine=engine)[bag]

    before = made()
    assert made() == before == made(changed(settings, output=tmp_path / 'elsewhere'))
    monkeypatch.chdir(tmp_path)
    nearby = changed(settings, folder=Path('labels'))
    assert made(nearby) == before
    others = [
        made(settings, replace(CPU, **{name: 'other'}))
        for name in ('backend', 'device', 'precision', 'version')
    ]
    label_map.write_text(MAP.replace('other', 'rest'), encoding='utf-8')
    others.append(made())
    (tmp_path / 'labels' / '1.png').unlink()
    others.append(made())
    assert len({before, *others}) == 7


def test_only_the_code_that_makes_rows_counts(tmp_path: Path) -> None:
    shutil.copytree(ROOT / 'roadseg_core', tmp_path / 'roadseg_core')
    before = code_state(tmp_path)

    def edited(name: str) -> str:
        path = tmp_path / 'roadseg_core' / name
        text = path.read_bytes()
        path.write_bytes(text + b'\n')
        try:
            return code_state(tmp_path)
        finally:
            path.write_bytes(text)

    for name in (
        'evaluation/pages/page.py',
        'evaluation/pages/report.html.j2',
        'evaluation/compare/page.py',
        'evaluation/results/report.py',
        'report/charts.py',
        'training/train.py',
        'commands/evaluate.py',
    ):
        assert edited(name) == before, name
    for name in (
        'evaluation/drives/analysis.py',
        'evaluation/settings/sections.py',
        'pipeline/conversion.py',
        'pipeline/__init__.py',
        'bags/reader.py',
        'engines/openvino.py',
        'labels.py',
    ):
        assert edited(name) != before, name
