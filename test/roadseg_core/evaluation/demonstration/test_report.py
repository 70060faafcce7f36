"""The report on small results."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from roadseg_core.evaluation.demonstration.frame_pictures import FramePictures, choose_stamps
from roadseg_core.evaluation.demonstration.options import DemoOptions, parse_arguments
from roadseg_core.evaluation.demonstration.real_frames import RealFrame
from roadseg_core.evaluation.demonstration.report import summarize, write_page
from roadseg_core.evaluation.live.accounting import CAUSES, account
from roadseg_core.evaluation.live.figures import describe_live, live_figures
from roadseg_core.evaluation.live.results import LiveDrive, LiveRun
from roadseg_core.evaluation.results.report import score_values
from roadseg_core.labels import SEVEN
from roadseg_core.metrics import ConfusionMatrix
from roadseg_core.report.pictures import Picture


class Links(HTMLParser):
    """Collect what a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or '' for name, value in attrs if name in ('src', 'href')]


REAL = RealFrame(
    'a.jpg',
    'A bend',
    {'lanes': {'road': 0.986, 'sidewalk': 0.014}, 'hard shoulder': {'sidewalk': 1.0}},
    (Picture('frame', b'PNG'), Picture('labels over frame', b'PNG', paint=True)),
)


def small_report(
    tmp_path: Path, *, truth: bool, played: str = 'a drive', problem: str = ''
) -> tuple[dict, str]:
    sent = {('front', stamp): stamp * 1_000_000 for stamp in range(4)}
    counts = {'front': {'received': 4, **dict.fromkeys(CAUSES, 0), 'processed': 4}}
    accounting = account(sent, {key: time + 9_000_000 for key, time in sent.items()}, counts)
    matrix = ConfusionMatrix(SEVEN)
    matrix.update(np.array([[2, 2, 0]], np.uint8), np.array([[2, 0, 0]], np.uint8))
    scores = score_values(matrix.counts, SEVEN, by_class=True, frames=1) if truth else None
    options = replace(DemoOptions(cameras=('front',)), source=None if truth else Path('a.mp4'))
    drive = LiveDrive(
        Path('drive'), Path('published'), accounting, statuses={'engine': {'backend': 'openvino'}}
    )
    live = live_figures(LiveRun('/n', (drive,)))
    assert describe_live(live)[0] == 'live: 4 frames sent, 4 came back (none lost), 1000 a second'
    summary = summarize(options, live, scores, played=played, exit_code=0)
    if problem:
        summary['real_frames_problem'] = problem
    pictures = tuple(Picture(name, b'PNG') for name in ('frame', 'labels', 'road mask'))
    write_page(
        tmp_path / 'report.html',
        summary,
        [FramePictures('front', 0.5, pictures)],
        SEVEN,
        accounting,
        real_frames=[] if played != 'a drive' or problem else [REAL],
    )
    return summary, (tmp_path / 'report.html').read_text(encoding='utf-8')


def test_the_report_with_truth_holds_every_figure(tmp_path: Path) -> None:
    summary, text = small_report(tmp_path, truth=True)
    assert set(summary) >= {
        'cameras',
        'frames',
        'fps',
        'latency_ms',
        'iou',
        'miou',
        'road_iou',
        'engine',
        'versions',
    }
    assert summary['iou'] == {'sky': 0.5, 'road': 0.5}
    assert summary['latency_ms'] == {'p50': 9.0, 'p99': 9.0, 'max': 9.0}
    assert summary['processed_share'] == 1.0
    assert json.loads(json.dumps(summary)) == summary
    for shown in (
        '0.500',
        '9.0 ms',
        '100.00 %',
        'openvino',
        'Errors:',
        'Camera front',
        'Out: the road',
        'On real roads',
        'Copyright (c) 2016-2018 Udacity, Inc.',
    ):
        assert shown in text
    assert 'Lanes: 99 % road, 1 % sidewalk. Hard shoulder: 100 % sidewalk.' in ' '.join(
        text.split()
    )
    links = Links()
    links.feed(text)
    assert links.found
    assert {link for link in links.found if not link.startswith('data:')} == {
        '#real',
        'https://github.com/udacity/CarND-Advanced-Lane-Lines',
    }


def test_the_report_of_a_source_claims_no_accuracy(tmp_path: Path) -> None:
    summary, text = small_report(tmp_path, truth=False, played='<b>x</b>')
    assert summary['iou'] is summary['miou'] is summary['road_iou'] is None
    assert 'road IoU' not in text and 'On real roads' not in text
    assert 'Errors:' not in text
    assert '&lt;b&gt;x' in text
    assert 'are missing' not in text


def test_the_report_says_why_photographs_are_missing(tmp_path: Path) -> None:
    text = small_report(tmp_path, truth=True, problem='no <memory>')[1]
    assert 'real roads are missing: no &lt;memory&gt;' in text and 'On real roads' not in text


def test_frames_are_spread() -> None:
    assert choose_stamps(list(range(100)), 4) == [12, 37, 62, 87]
    assert choose_stamps([3, 1, 2], 4) == [1, 2, 3]


def test_the_command_line_is_read(tmp_path: Path) -> None:
    settings = parse_arguments(
        ['--cameras', '2', '--phase', 'out', '--size', '320x240', '--fps', '10']
    )
    assert settings.phases == {'front': 0.0, 'left': 0.05}
    assert settings.size == (240, 320)
    assert parse_arguments(['--source', str(tmp_path)]).cameras == ('front',)


@pytest.mark.parametrize(
    'arguments',
    [
        ['--cameras', '5'],
        ['--cameras', 'up'],
        ['--fps', '0'],
        ['--source', '/no/such'],
        ['--size', 'big'],
        ['--size', '8x8'],
        ['--seconds', '0'],
    ],
)
def test_a_wrong_command_line_is_refused(arguments: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(arguments)
