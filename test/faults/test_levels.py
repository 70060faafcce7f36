"""What diagnostics say of a camera follows what comes out for it."""

from __future__ import annotations

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


def publish_for(bench, camera, seconds, *, rate=15.0) -> list[bytes]:
    """Publish at a rate; return the levels of the reports meanwhile."""
    bench.diagnostics.clear()
    began = time.monotonic()
    for number in range(round(seconds * rate)):
        camera.publish(frame(number))
        bench.spin_for(max(0.0, began + (number + 1) / rate - time.monotonic()))
    return [report['camera front']['level'] for report in bench.diagnostics]


def test_a_camera_never_heard_then_well_then_silent(start):
    bench, _ = start()
    bench.wait_ready()
    assert (level(bench), bench.camera('front')['message']) == (WARN, 'no frame received yet')
    camera = front(bench)
    publish_for(bench, camera, 1.5)
    assert OK in publish_for(bench, camera, 1.0)
    bench.until(lambda: level(bench) == ERROR, 3.0, 'an error about silence')
    assert bench.camera('front')['message'].startswith('no frame for 1.')


def test_half_of_the_frames_due_is_a_warning_with_the_engines_present_rate(start, engine_that):
    fault, told = engine_that('time.sleep(0.14)')
    bench, _ = start(fault=fault)
    bench.wait_ready()
    camera = front(bench)
    publish_for(bench, camera, 1.5)
    assert bench.diagnostics[-1]['engine']['engine_rate_covers'] == 'true'
    told.touch()
    publish_for(bench, camera, 4.0)
    assert level(bench) == WARN
    assert 'too little output' in bench.camera('front')['message']
    engine = bench.diagnostics[-1]['engine']
    assert engine['engine_rate_covers'] == 'false'
    assert 'NOT enough' in engine['engine_rate']


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
    camera = front(bench)
    publish_for(bench, camera, 4.0, rate=0.5)
    assert set(publish_for(bench, camera, 8.0, rate=0.5)) == {OK}
    bench.until(lambda: level(bench) == ERROR, 8.0, 'an error about silence')


@pytest.mark.slow_fault
def test_a_camera_faster_than_fps_is_well(start):
    bench, _ = start(fps='10.0')
    bench.wait_ready()
    camera = front(bench)
    publish_for(bench, camera, 2.0, rate=30.0)
    levels = publish_for(bench, camera, 4.0, rate=30.0)
    # A busy machine may be too slow now and then; a third of what comes in would never do.
    assert levels.count(OK) >= 0.7 * len(levels)
