"""What a reader does with the comparison of two models, in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser import browse, needs_chromium
from evaluation_configs import configured

from roadseg_core.evaluation.compare.run import compare_models
from roadseg_core.evaluation.settings.sections import ComparisonChoice


@needs_chromium
def test_two_models_are_wiped_and_a_curve_leads_to_a_frame(
    street_bag, exact_model: str, model: str, tmp_path: Path
) -> None:
    output = tmp_path / 'out'
    compare_models(
        configured(
            bags=[street_bag('drive', frames=10)],
            output=output,
            model=exact_model,
            pictures=2,
            comparison=ComparisonChoice(against=Path(model)),
        ),
        say=print,
    )
    found = browse(
        output / 'report.html',
        """
        const [first, second] = document.querySelectorAll('.moment .over:not(.wipe) .paint');
        const wipe = document.querySelector('.moment .wipe');
        const paints = wipe.querySelectorAll('.paint');
        const box = wipe.querySelector('.under').getBoundingClientRect();
        paints[1].dispatchEvent(new MouseEvent('pointermove', {
          bubbles: true, clientX: box.left + box.width / 4, clientY: box.top + 5}));
        const found = {
          same: [paints[0].src === first.src, paints[1].src === second.src],
          other: first.src !== second.src,
          clips: [...paints].map(one => getComputedStyle(one).clipPath.match(/[0-9.]+(?=%)/)),
          lines: [...document.querySelector('.chart').plot.series].slice(1).map(one => one.label),
        };
        const moment = document.querySelector('.moment'), chart = document.querySelector('.chart');
        const line = JSON.parse(chart.dataset.chart).lines[1];
        const index = line.frames.indexOf(+moment.dataset.frame);
        chart.scrollIntoView();
        const over = chart.plot.over, place = over.getBoundingClientRect();
        const x = chart.plot.valToPos(line.x[index], 'x');
        const at = {bubbles: true, clientX: place.left + x + 1,
                    clientY: place.top + chart.plot.valToPos(line.y[index], 'y')};
        for (const what of ['mousemove', 'mousedown', 'mouseup', 'click']) {
          over.dispatchEvent(new MouseEvent(what, at));
          await wait();
        }
        found.jumped = moment.classList.contains('found');
        return found;
        """,
        tmp_path,
    )
    assert found['same'] == [True, True] and found['other']
    right, left = (float(clip) for (clip,) in found['clips'])
    assert left == pytest.approx(25, abs=2) and right == pytest.approx(100 - left)
    assert found['lines'] == ['A', 'B'] and found['jumped']
    verdict = browse(
        output / 'report.html',
        "const cells = [...document.querySelectorAll('th')];"
        "const cell = cells.find(one => one.textContent === 'shown');"
        'return cell.getBoundingClientRect().right - document.documentElement.clientWidth;',
        tmp_path,
        size='400,800',
    )
    assert verdict < 0
