"""What a camera's health says over DDS when the camera freezes, comes back and falls silent."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from node_process import BEST_EFFORT, LATCHED, RELIABLE, frame, set_parameter
from sensor_msgs.msg import Image

from roadseg_core.rendering import Drive, DriveConfig


def show(bench, camera, pictures: Callable[[int], np.ndarray], until, what: str) -> None:
    """Publish pictures at 15 frames/s, each with a new stamp, until something holds."""
    end = time.monotonic() + 60.0
    for number in itertools.count():
        if until():
            return
        assert time.monotonic() < end, f'in vain: {what}'
        message = frame(number)
        message.data = pictures(number).tobytes()
        camera.publish(message)
        bench.spin_for(1.0 / 15.0)


def values(message: DiagnosticStatus) -> dict[str, str]:
    return {value.key: value.value for value in message.values}


def test_a_frozen_camera_is_unusable_and_its_masks_are_withheld_where_that_is_asked(start):
    bench, _ = start()
    said = bench.listen('/segmentation/front/health', DiagnosticStatus, LATCHED)
    masks = bench.listen('/segmentation/front/road_mask', Image, RELIABLE)
    bench.wait_ready()
    drive = Drive(DriveConfig(3, 'urban', 4.0, 15.0, 120, 160))
    moving = [drive.render('front', index).image for index in range(drive.frame_count)]
    camera = bench.node.create_publisher(Image, '/camera/front/image_raw', BEST_EFFORT)
    bench.until(lambda: said and values(said[-1])['reasons'] == 'no masks', what='no masks yet')

    def is_so(level: bytes, reasons: str) -> Callable[[], bool]:
        return lambda: said[-1].level == level and values(said[-1])['reasons'] == reasons

    usable, frozen = (
        is_so(DiagnosticStatus.OK, ''),
        is_so(DiagnosticStatus.ERROR, 'frozen'),
    )
    show(bench, camera, lambda n: moving[n % len(moving)], usable, 'usable')
    assert masks
    now = values(said[-1])
    assert (now['state'], now['trusted_share']) == ('usable', '1.000')
    assert said[-1].name == 'segmentation: health front'
    show(bench, camera, lambda n: moving[0], frozen, 'frozen')
    assert float(values(said[-1])['mask_stamp']) >= 1000.0
    before = len(masks)
    show(bench, camera, lambda n: moving[0], lambda: len(masks) > before, 'masks, by default')
    assert set_parameter(bench, 'withhold_unusable', True).successful
    withheld = lambda: int(bench.camera('front')['withheld']) >= 5  # noqa: E731
    show(bench, camera, lambda n: moving[0], withheld, 'withheld masks')
    counts = bench.camera('front')
    assert len(masks) + int(counts['withheld']) <= int(counts['processed']) + 2
    show(bench, camera, lambda n: moving[n % len(moving)], usable, 'usable again')
    bench.until(is_so(DiagnosticStatus.ERROR, 'no masks'), what='silence')
