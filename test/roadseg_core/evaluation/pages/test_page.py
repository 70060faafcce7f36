"""The page of an evaluation shows what was asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaluation_configs import configured

from roadseg_core.evaluation.run import evaluate_bags


@pytest.mark.parametrize('consistency', [True, False])
def test_flicker_is_shown_with_consistency_alone(
    consistency: bool, street_bag, exact_model: str, tmp_path: Path
) -> None:
    bag, output = street_bag('drive', frames=6), tmp_path / 'out'
    settings = {'model': exact_model, 'pictures': 0, 'consistency': consistency}
    evaluate_bags(configured(bags=[bag], output=output, **settings))
    page = (output / 'report.html').read_text(encoding='utf-8')
    shown = ('flicker; 0 is best', '<th>flicker</th>', 'Flicker over time', '0 for flicker')
    assert [text in page for text in shown] == [consistency] * 4
    assert '<th>blackout</th>' in page
