"""The order, rate and stamps of what is sent, without ROS."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from roadseg_core.bags.images import read_stamp
from roadseg_core.bags.records import SourceError
from roadseg_core.playing.encoding import Encoder
from roadseg_core.playing.packets import packets
from roadseg_core.playing.player import Played, Player
from roadseg_core.playing.read_ahead import ReadAhead
from roadseg_core.playing.settings import PlayedCamera, PlaySettings, parse_arguments
from roadseg_core.sources.opening import open_source

FIRST_STAMP_NS = 1_700_000_000_000_000_000


class List:
    """Keep what is sent."""

    def __init__(self) -> None:
        self.frames: list[tuple[str, int, int, bool]] = []
        self.clock: list[int] = []

    def send(self, camera: str, image: bytes, camera_info: bytes | None) -> None:
        self.frames.append(
            (camera, read_stamp(image), time.monotonic_ns(), camera_info is not None)
        )

    def send_clock(self, time_ns: int) -> None:
        self.clock.append(time_ns)


def run(path: Path, phases: dict[str, int], **values: object) -> tuple[Played, List, list[dict]]:
    """Play a recording for cameras, whose phases are given in nanoseconds."""
    cameras = tuple(PlayedCamera(name, path, '', '', phase) for name, phase in phases.items())
    settings = PlaySettings(cameras, **values)
    reading = ReadAhead(
        {
            name: packets(
                open_source(path), Encoder('raw'), loop=settings.loop, skipped=pytest.fail
            )
            for name in phases
        }
    )
    output, log = List(), io.StringIO()
    reading.wait_until_filled()
    played = Player(reading, settings, output, log=log).run(threading.Event())
    reading.close()
    return played, output, [json.loads(line) for line in log.getvalue().splitlines()]


def test_recorded_times_are_followed(make_bag: Callable[..., Path]) -> None:
    played, output, log = run(make_bag(), {'front': 0}, rate=2.0, clock_hz=100)
    stamps = [stamp - FIRST_STAMP_NS for _, stamp, _, _ in output.frames]
    assert stamps == [0, 50_000_000, 100_000_000, 150_000_000]
    # As far from the recorded times, twice as fast, as the player says that it was late.
    spent = log[-1]['sent_ns'] - log[0]['sent_ns']
    assert spent == pytest.approx(75_000_000, abs=played.worst_delay_ns)
    assert played.sent == {'front': 4}
    assert all(has_info for _, _, _, has_info in output.frames)
    assert [entry['index'] for entry in log] == [0, 1, 2, 3]
    assert [entry['stamp_ns'] for entry in log] == [stamp for _, stamp, _, _ in output.frames]
    assert output.clock == sorted(output.clock)
    assert len(output.clock) >= 6


def test_a_rate_phases_and_loops_are_kept(make_bag: Callable[..., Path]) -> None:
    phases = {'front': 0, 'left': 10_000_000}
    played, output, log = run(make_bag(), phases, fps=50.0, loop=True, frames=15)
    assert played.sent == {'front': 15, 'left': 15}
    assert [camera for camera, *_ in output.frames] == ['front', 'left'] * 15
    first = {
        camera: next(entry for entry in log if entry['camera'] == camera)
        for camera in ('front', 'left')
    }
    start = first['front']['sent_ns']
    for entry in log:
        due = entry['index'] * 20_000_000 + (10_000_000 if entry['camera'] == 'left' else 0)
        # Absolute: a late frame does not move the following ones.
        assert entry['sent_ns'] - start == pytest.approx(due, abs=played.worst_delay_ns)
    assert len({(entry['camera'], entry['stamp_ns']) for entry in log}) == 30


def test_current_stamps_are_the_time_of_sending(make_bag: Callable[..., Path]) -> None:
    before = time.time_ns()
    _, output, _ = run(make_bag(), {'front': 0}, fps=100.0, stamps='current')
    stamps = [stamp for _, stamp, _, _ in output.frames]
    assert before < stamps[0] < stamps[1] < stamps[3] < time.time_ns()


def test_the_time_limit_counts_what_was_due(make_bag: Callable[..., Path]) -> None:
    played, _, _ = run(make_bag(), {'front': 0}, fps=50.0, loop=True, seconds=0.1)
    assert played.sent == {'front': 5}


def test_an_error_of_the_reading_thread_reaches_the_player(image_folder: Path) -> None:
    source = open_source(image_folder)
    for file in image_folder.iterdir():
        file.write_bytes(b'')
    reading = ReadAhead(
        {'front': packets(source, Encoder('raw'), loop=False, skipped=lambda reason: None)}
    )
    with pytest.raises(SourceError, match='no frame that can be read'):
        reading.next('front')
    reading.close()


def test_the_command_line_is_read() -> None:
    settings = parse_arguments(
        [
            '--source',
            'front=/a',
            '--source',
            'left=/b',
            '--phase',
            'left=0.02',
            '--fps',
            '15',
            '--resize',
            '640x480',
            '--clock',
            '--topic',
            'left=/left/image_raw',
        ]
    )
    assert [camera.topic for camera in settings.cameras] == [
        'camera/front/image_raw',
        '/left/image_raw',
    ]
    assert settings.cameras[1].phase_ns == 20_000_000
    assert settings.size == (480, 640)
    assert settings.clock_hz == 100.0


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--source', 'a=/x', '--source', 'a=/y'], 'twice'),
        (['--source', 'a=/x', '--phase', 'b=1'], '--phase names b'),
        (['--source', 'a=/x', '--phase', 'a=soon'], 'no number of seconds'),
        (['--source', 'a=/x', '--start', '3', '--end', '3'], '--end 3 is not after --start 3'),
        (['--source', 'a=/x', '--start', '-1'], 'not 0 or more'),
        (['--source', 'a=/x', '--resize', '640'], 'WIDTHxHEIGHT'),
        (['--source', 'a=/x', '--fps', '0'], 'not more than 0'),
    ],
)
def test_a_wrong_command_line_is_refused(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse_arguments(arguments)
    assert message in capsys.readouterr().err
