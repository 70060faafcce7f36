"""Charts, timelines, pictures and pages."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadseg_core.labels import SEVEN
from roadseg_core.report.charts import Line, chart, ticks
from roadseg_core.report.page import class_colours, write_page
from roadseg_core.report.pictures import error_image, painting, photograph
from roadseg_core.report.timeline import Span, timeline


def line(values: list[float]) -> Line:
    return Line(np.arange(len(values), dtype=float), np.asarray(values, float), '#123456', 'a<b')


def test_a_chart_is_an_svg_with_gaps_where_values_are_missing() -> None:
    svg = ElementTree.fromstring(
        chart([line([0.1, 0.2, float('nan'), 0.4, 0.5])], about='road & share', limits={'<1': 0.3})
    )
    path = svg.find('path')
    assert path is not None and path.attrib['d'].count('M') == 2
    assert path[0].text == 'a<b'
    assert svg.attrib['aria-label'] == 'road & share'


def test_a_chart_without_values_is_empty() -> None:
    assert chart([line([float('nan')])], about='x') == ''
    assert chart([], about='x') == ''


def test_a_long_line_keeps_its_extremes_and_stays_small() -> None:
    values = np.full(100_000, 0.5)
    values[31_234] = 1.0
    values[77_777] = 0.0
    text = chart([line(values.tolist())], about='x', lowest=0.0, highest=1.0, height=220)
    assert len(text) < 60_000
    points = ElementTree.fromstring(text).find('path').attrib['d']
    assert ' 12.0L' in points
    assert ' 186.0L' in points


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_ticks_are_few_and_within(lowest: float, span: float) -> None:
    found = ticks(lowest, lowest + span)
    assert 1 <= len(found) <= 6
    assert all(lowest - 1e-6 * span <= tick <= lowest + span * (1 + 1e-6) for tick in found)


def test_a_short_span_of_a_long_timeline_is_seen() -> None:
    svg = ElementTree.fromstring(
        timeline({'front': [Span(5.0, 5.0, '#f00', 'frozen')]}, about='x', seconds=9999.0)
    )
    assert float(svg.findall('rect')[1].attrib['width']) >= 1.5


def test_pictures_are_shrunk_and_flat_colours_stay() -> None:
    image = np.zeros((100, 1000, 3), np.uint8)
    image[:, ::3] = (1, 2, 3)
    picture = painting('x', image)
    data = base64.b64decode(picture.uri.partition(',')[2])
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == (42, 420, 3)
    assert {tuple(pixel) for pixel in decoded.reshape(-1, 3).tolist()} == {(0, 0, 0), (1, 2, 3)}
    assert photograph('x', image).uri.startswith('data:image/jpeg;base64,')


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
        svg=chart([line([1.0, 2.0])], about='x'),
    )
    text = (tmp_path / 'out' / 'a.html').read_text(encoding='utf-8')
    assert '&lt;i&gt;' in text and '<svg' in text and 'rgb(0, 255, 0)' in text and 'a b' in text
    assert '.panel { background' in text
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['a.html']


def test_a_page_with_a_missing_value_is_an_error(
    template: Callable[[str], str], tmp_path: Path
) -> None:
    package = template("{% extends 'base.html.j2' %}{% block body %}{{ x }}{% endblock %}")
    with pytest.raises(Exception, match='undefined'):
        write_page(tmp_path / 'a.html', package, 'page.html.j2')
