"""What diagnostics say of a camera follows what comes out for it."""

from __future__ import annotations

import itertools
import time

import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from node_process import BEST_EFFORT, frame, publish_until
from sensor_msgs.msg import Image

OK, WARN, ERROR = DiagnosticStatus.OK, DiagnosticStatus.WARN, DiagnosticStatus.ERROR


def level(bench) -> bytes:
    return bench.camera('front').get('level', b'')


def front(bench):
    return bench.node.create_publisher(Image, '/camera/front/image_raw', BEST_EFFORT)


def publish_until_steady(bench, camera, wanted, *, rate, reports, seconds=60.0) -> None:
    """Publish at a rate until so many reports in a row give the camera the wanted level."""
    bench.diagnostics.clear()
    end = time.monotonic() + seconds
    levels = []
    for number in itertools.count():
        camera.publish(frame(number))
        bench.spin_for(1.0 / rate)
        levels = [report['camera front']['level'] for report in bench.diagnostics]
        if levels[-reports:] == [wanted] * reports:
            return
        assert time.monotonic() < end, f'{reports} times {wanted} in vain: {levels}'


def test_a_camera_never_heard_then_well_then_silent(start):
    bench, _ = start()
    bench.wait_ready()
    assert (level(bench), bench.camera('front')['message']) == (WARN, 'no frame received yet')
    publish_until_steady(bench, front(bench), OK, rate=8.0, reports=8)
    bench.until(lambda: level(bench) == ERROR, what='an error about silence')
    assert float(bench.camera('front')['message'].split()[3]) >= 1.0


@pytest.mark.slow_fault
def test_half_of_the_frames_due_is_a_warning_with_the_engines_present_rate(start, engine_that):
    fault, told = engine_that('time.sleep(0.4)')
    bench, _ = start(fault=fault, fps='5.0', max_frame_age='10.0')
    bench.wait_ready()
    camera = front(bench)

    def engine(covers: str) -> dict[str, str] | None:
        values = bench.diagnostics[-1]['engine']
        return values if values['engine_rate_covers'] == covers else None

    publish_until(bench, [camera], lambda: engine('true'), 'an engine fast enough', rate=5.0)
    told.touch()
    publish_until(
        bench,
        [camera],
        lambda: level(bench) == WARN and engine('false'),
        'a warning',
        rate=5.0,
    )
    assert 'too little output' in bench.camera('front')['message']
    assert 'NOT enough' in engine('false')['engine_rate']


def test_frames_that_all_come_to_nothing_are_an_error(start):
    bench, _ = start(max_frame_age='0.5')
    bench.wait_ready()

    def unknown(number):
        message = frame(number)
        message.encoding = '7XYZ'
        return message

    publish_until(bench, [front(bench)], lambda: level(bench) == ERROR, 'an error', make=unknown)
    assert 'no output' in bench.camera('front')['message']


def test_frames_while_the_engine_opens_are_an_error_too(start):
    bench, _ = start(
        fault='import time\nfrom roadseg_core.engines.openvino import OpenVinoEngine\n'
        'OpenVinoEngine._compile = lambda *_: time.sleep(600)'
    )
    publish_until(bench, [front(bench)], lambda: level(bench) == ERROR, 'an error')
    assert bench.diagnostics[-1]['engine']['state'] == 'BUILDING'
    assert bench.diagnostics[-1]['engine']['level'] == WARN


@pytest.mark.slow_fault
def test_a_healthy_camera_of_half_a_frame_a_second_is_well(start):
    bench, _ = start()
    bench.wait_ready()
    publish_until_steady(bench, front(bench), OK, rate=0.5, reports=40)
    bench.until(lambda: level(bench) == ERROR, what='an error about silence')


@pytest.mark.slow_fault
def test_a_camera_faster_than_fps_is_well(start):
    bench, _ = start(fps='5.0')
    bench.wait_ready()
    publish_until_steady(bench, front(bench), OK, rate=15.0, reports=20)
