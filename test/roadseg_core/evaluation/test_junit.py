"""JUnit XML."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from roadseg_core.evaluation.junit import Case, write_junit


def test_cases_are_counted_and_told(tmp_path: Path) -> None:
    path = tmp_path / 'junit.xml'
    write_junit(
        path,
        'city',
        [
            Case('conditions', 'road_iou >= 0.95', output='measured 0.96'),
            Case('conditions', 'flicker <= 0.01', failure='flicker is 0.02\nexpected less'),
            Case('bags', 'drive "1" <a&b>', error='is damaged'),
        ],
        seconds=1.5,
        timestamp='2026-01-01T00:00:00',
    )
    root = ElementTree.parse(path).getroot()
    suite = root.find('testsuite')
    assert root.tag == 'testsuites' and (
        suite.get('tests'),
        suite.get('failures'),
        suite.get('errors'),
    ) == ('3', '1', '1')
    passed, failed, broken = suite.findall('testcase')
    assert passed.find('failure') is None and passed.find('system-out').text == 'measured 0.96'
    assert failed.find('failure').get('message') == 'flicker is 0.02'
    assert broken.get('name') == 'drive "1" <a&b>'
    assert broken.get('classname') == 'city.bags'
    assert list(tmp_path.iterdir()) == [path]


@given(st.text())
def test_any_text_gives_a_file_that_can_be_read(tmp_path_factory, text: str) -> None:
    path = tmp_path_factory.mktemp('junit') / 'junit.xml'
    write_junit(
        path,
        text,
        [Case('bags', text, failure=f'a{text}')],
        seconds=0,
        timestamp='2026-01-01T00:00:00',
    )
    assert ElementTree.parse(path).getroot().find('.//failure') is not None
