"""JUnit XML."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roadseg_core.evaluation.results.junit import SuiteFile, make_case
from roadseg_core.evaluation.settings.values import EvaluationError


def test_cases_are_counted_and_told(tmp_path: Path) -> None:
    path = tmp_path / 'junit.xml'
    suite = SuiteFile(path)
    suite.name = 'city'
    suite.finish(
        [
            make_case('conditions', 'road_iou >= 0.95', output='measured 0.96'),
            make_case('conditions', 'flicker <= 0.01', failure='flicker is 0.02\nexpected less'),
            make_case('bags', 'drive "1" <a&b>', error='is damaged'),
        ]
    )
    root = ElementTree.parse(path).getroot()
    suite = root.find('testsuite')
    assert root.tag == 'testsuites' and (
        suite.get('tests'),
        suite.get('failures'),
        suite.get('errors'),
    ) == ('4', '1', '1')
    runs, passed, failed, broken = suite.findall('testcase')
    assert runs.get('classname') == 'city.evaluation'
    assert passed.find('failure') is None and passed.find('system-out').text == 'measured 0.96'
    assert failed.find('failure').get('message') == 'flicker is 0.02'
    assert broken.get('name') == 'drive "1" <a&b>'
    assert broken.get('classname') == 'city.bags'
    assert list(tmp_path.iterdir()) == [path]


@given(st.text())
def test_any_text_gives_a_file_that_can_be_read(tmp_path_factory, text: str) -> None:
    path = tmp_path_factory.mktemp('junit') / 'junit.xml'
    suite = SuiteFile(path)
    suite.name = text
    suite.finish([make_case('bags', text, failure=f'a{text}')])
    assert ElementTree.parse(path).getroot().find('.//failure') is not None


def test_what_is_no_junit_file_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / 'drive.mp4'
    path.write_bytes(b'mine')
    suite = SuiteFile(path)
    with pytest.raises(EvaluationError, match='no JUnit file'):
        suite.begin()
    suite.fail('stopped')
    assert path.read_bytes() == b'mine'
    path = tmp_path / 'junit.xml'
    for _ in range(2):
        SuiteFile(path).begin()
    assert 'did not come to its end' in path.read_text()
