"""Evaluated again, shipped models have the figures of their cards."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from roadseg_core.cli import main
from roadseg_core.evaluation.datasets.card import FIGURES

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get('ROADSEG_DATA') or ROOT.parent / 'shared' / 'data')


def stated(card: Path) -> dict[str, dict[str, str]]:
    """Return a card's figures in fp32, in percent, by data set and column."""
    text = card.read_text(encoding='utf-8')
    rows = [
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in text.partition('## Accuracy')[2].partition('\n## ')[0].splitlines()
        if line.startswith('|')
    ]
    found = [dict(zip(rows[0], row)) for row in rows[2:]]
    return {row['data']: row for row in found if row['computed in'] == 'fp32'}


@pytest.mark.parametrize('card', sorted((ROOT / 'models').glob('*.md')), ids=lambda card: card.stem)
@pytest.mark.parametrize('data', ['camvid', 'kitti_road'])
@pytest.mark.slow_card
def test_a_shipped_model_has_its_cards_figures(card: Path, data: str, tmp_path: Path):
    if not (DATA / data).is_dir():
        pytest.skip(f'no {data} in {DATA}; set ROADSEG_DATA to its folder')
    row = stated(card).get(f'{data}_val')
    if row is None:
        pytest.skip(f'{card.name} states no figures on {data}')
    path = tmp_path / 'report.json'
    model = ['--model', str(card.with_suffix('.onnx')), '--precision', 'fp32']
    arguments = ['--data', data, '--root', str(DATA), '--json', str(path)]
    assert main(['evaluate', *model, *arguments]) == 0
    compared = 0
    for column, keys in FIGURES.items():
        if row.get(column, '-') == '-':
            continue
        value = json.loads(path.read_text())
        for key in keys:
            value = value[key]
        # Three digits; another processor may round the last of fp32 otherwise.
        assert 100 * value == pytest.approx(float(row[column]), abs=0.06), column
        compared += 1
    assert compared >= 5
