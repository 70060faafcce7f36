"""Charts, timelines, pictures and pages."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roadseg_core.labels import SEVEN
from roadseg_core.report import page
from roadseg_core.report.charts import POINTS, Line, chart
from roadseg_core.report.page import class_colours, links, links_beside, write_page
from roadseg_core.report.pictures import error_image, painting, photograph


def described(element: str) -> dict:
    """Return what a chart's element tells the script."""
    found = re.search('data-chart="(.*?)"', element)
    return json.loads(html.unescape(found[1]))


def line(values: list[float]) -> Line:
    return Line(np.arange(len(values), dtype=float), np.asarray(values, float), 'a<b')


def test_a_chart_keeps_gaps_and_escapes_text() -> None:
    element = chart([line([0.1, float('nan'), 0.4])], about='road & "share"', x='s')
    assert 'aria-label="road &amp; &#34;share&#34;"' in element
    told = described(element)
    assert told['lines'][0]['y'] == [0.1, None, 0.4]
    assert told['lines'][0]['label'] == 'a<b'


def test_what_others_are_compared_with_has_no_colour_of_its_own() -> None:
    ideal = Line(np.arange(2.0), np.arange(2.0), 'ideal', reference=True)
    lines = described(chart([line([0.1]), ideal], about='x', x='s'))['lines']
    assert lines[0]['colour'] and not lines[1]['colour']


def test_other_results_are_linked_where_they_are(tmp_path: Path) -> None:
    page = tmp_path / 'out' / 'page.html'
    page.parent.mkdir()
    (tmp_path / 'out' / 'here 1.json').touch()
    assert links_beside(page, ['here 1.json', 'nowhere.json']) == {'here 1.json': 'here%201.json'}
    assert links(page, [tmp_path / 'a.json']) == {'../a.json': '../a.json'}


def test_a_chart_without_values_is_empty() -> None:
    assert chart([line([float('nan')])], about='x', x='s') == ''
    assert chart([line([float('nan')] * (POINTS + 1))], about='x', x='s') == ''
    assert chart([], about='x', x='s') == ''


@given(st.integers(POINTS + 1, 50_000), st.data())
@settings(max_examples=20, deadline=None)
def test_a_long_line_keeps_its_extremes_and_stays_small(count: int, data: st.DataObject) -> None:
    places = st.integers(0, count - 1)
    high, low, gap = data.draw(st.lists(places, min_size=3, max_size=3, unique=True))
    values = np.full(count, 0.5)
    values[[high, low, gap]] = 1.0, 0.0, np.nan
    drawn = described(chart([line(values.tolist())], about='x', x='s'))['lines'][0]
    assert len(drawn['x']) <= POINTS + 1
    shown = dict(zip(drawn['x'], drawn['y']))
    assert (shown[high], shown[low], shown[gap]) == (1.0, 0.0, None)


def test_pictures_are_shrunk_and_flat_colours_stay() -> None:
    image = np.zeros((100, 1000, 3), np.uint8)
    image[:, ::3] = (1, 2, 3)
    data = base64.b64decode(painting('x', image).uri(400).partition(',')[2])
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == (40, 400, 3)
    assert {tuple(pixel) for pixel in decoded.reshape(-1, 3).tolist()} == {(0, 0, 0), (1, 2, 3)}
    assert photograph('x', image).uri().startswith('data:image/jpeg;base64,')


def test_errors_are_painted() -> None:
    truth = np.array([[2, 2, 0, 1, 6]], np.uint8)
    painted = error_image(truth, np.array([[2, 0, 2, 0, 2]], np.uint8), SEVEN)
    assert painted[0].tolist() == [[48] * 3, [60, 60, 230], [40, 165, 255], [150] * 3, [0] * 3]


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Return a function that writes a template into a package, and returns the package's name."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(text: str) -> str:
        package = tmp_path / f'pages_{tmp_path.name}'
        package.mkdir()
        (package / '__init__.py').touch()
        (package / 'page.html.j2').write_text(text, encoding='utf-8')
        return package.name

    return write


def test_a_page_escapes_text_and_keeps_charts(
    template: Callable[[str], str], tmp_path: Path
) -> None:
    package = template(
        "{% extends 'base.html.j2' %}{% import 'macros.html.j2' as report %}"
        '{% block title %}T{% endblock %}{% block body %}{{ text }}{{ svg }}'
        '{{ report.bars({"road": 0.5}, colours) }}{{ report.facts({"a_b": 1}) }}'
        '{% endblock %}'
    )
    write_page(
        tmp_path / 'out' / 'a.html',
        package,
        'page.html.j2',
        text='<i>',
        colours=class_colours(SEVEN),
        svg=chart([line([1.0, 2.0])], about='x', x='s'),
    )
    text = (tmp_path / 'out' / 'a.html').read_text(encoding='utf-8')
    assert (
        '&lt;i&gt;' in text
        and 'class="chart"' in text
        and 'rgb(0, 255, 0)' in text
        and 'a b' in text
    )
    assert '.panel { background' in text
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['a.html']


def test_a_page_with_a_missing_value_is_an_error(
    template: Callable[[str], str], tmp_path: Path
) -> None:
    package = template("{% extends 'base.html.j2' %}{% block body %}{{ x }}{% endblock %}")
    with pytest.raises(Exception, match='undefined'):
        write_page(tmp_path / 'a.html', package, 'page.html.j2')


def test_pictures_of_a_large_page_shrink_and_thin_out(
    template: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = template(
        "{% extends 'base.html.j2' %}{% import 'macros.html.j2' as report %}{% block body %}"
        "{% for picture in items|shown %}{{ report.pictures([picture], '') }}{% endfor %}"
        '{% endblock %}'
    )
    noise = np.random.default_rng(1).integers(0, 256, (360, 640, 3)).astype(np.uint8)
    pictures, path = [photograph('x', noise)] * 20, tmp_path / 'a.html'

    def shown() -> tuple[int, bool]:
        write_page(path, package, 'page.html.j2', items=pictures)
        text = path.read_text(encoding='utf-8')
        assert len(text) <= page.LIMIT
        return text.count('<figure'), 'id="limited"' in text

    assert shown() == (20, False)
    monkeypatch.setattr(page, 'LIMIT', 2_000_000)
    assert shown() == (20, True)
    monkeypatch.setattr(page, 'LIMIT', 200_000)
    count, limited = shown()
    assert 1 <= count < 20 and limited
