"""The rendered drive as a bag, and pictures of it."""

from __future__ import annotations

from pathlib import Path

from rosbags.rosbag2 import Writer

from roadseg_core.bags.cdr import image_cdr, message_types
from roadseg_core.bags.drive_bag import record_drive
from roadseg_core.bags.message_types import RAW_TYPE
from roadseg_core.bags.writer import image_topic, truth_topic
from roadseg_core.evaluation.demonstration.frame_pictures import collect_pictures
from roadseg_core.evaluation.live.results import LiveDrive, LiveRun, mono_images, output_topic
from roadseg_core.labels import SEVEN
from roadseg_core.rendering import Drive, demo_config
from roadseg_core.sources.opening import open_source


def test_the_bag_holds_the_drive_and_its_truth(tmp_path: Path) -> None:
    config = demo_config(0.4, 5.0, 48, 64)
    steps: list[tuple[int, int]] = []
    count = record_drive(
        config,
        ('front', 'left'),
        tmp_path / 'drive',
        progress=lambda done, total: steps.append((done, total)),
    )
    assert count == 2
    assert steps[-1] == (4, 4)
    drive = Drive(config)
    frames = list(open_source(tmp_path / 'drive', bag_topic=image_topic('left')).frames())
    truth = list(mono_images(tmp_path / 'drive', [truth_topic('left')]))
    for index, (frame, (_, stamp, labels)) in enumerate(zip(frames, truth, strict=True)):
        rendered = drive.render('left', index)
        assert frame.stamp_ns == stamp
        assert frame.camera_info is not None
        assert (frame.image() == rendered.image).all()
        assert (labels == rendered.labels).all()

    # The truth stands for what the node would have published.
    with Writer(tmp_path / 'published', version=8) as bag:
        for output in ('label', 'road_mask'):
            connection = bag.add_connection(
                output_topic('left', output, node='/n'), RAW_TYPE, typestore=message_types()
            )
            for _, stamp, labels in truth:
                shown = labels if output == 'label' else SEVEN.road_mask(labels)
                bag.write(
                    connection,
                    stamp,
                    image_cdr(shown, encoding='mono8', stamp_ns=stamp, frame_id='left'),
                )
    drive = LiveDrive(tmp_path / 'drive', tmp_path / 'published', label_map=SEVEN.to_dict())
    source = open_source(tmp_path / 'drive', bag_topic=image_topic('left'))
    shown = ['frame', 'labels over frame', 'road mask']
    for truths, captions in (
        ({'left': truth_topic('left')}, [*shown, 'truth over frame', 'errors']),
        ({}, shown),
    ):
        shown_frames = collect_pictures(LiveRun('/n', (drive,)), {'left': source}, truths, count=4)
        assert [frame.seconds for frame in shown_frames] == [0.0, 0.2]
        assert [picture.caption for picture in shown_frames[0].pictures] == captions
