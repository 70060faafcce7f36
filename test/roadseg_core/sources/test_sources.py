"""Bags, videos and folders as cameras, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import CompressionMode
from source_fixtures import as_of_2019

from roadseg_core.bags.cdr import image_cdr, message_types, with_stamp
from roadseg_core.bags.images import decode, read_stamp
from roadseg_core.bags.message_types import CAMERA_INFO_TYPE, COMPRESSED_TYPE, RAW_TYPE
from roadseg_core.bags.records import BagMessage, SourceError
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.playing.encoding import Encoder
from roadseg_core.playing.packets import TimeRange, packets
from roadseg_core.sources.opening import open_source

FIRST_STAMP_NS = 1_700_000_000_000_000_000
PERIOD_NS = 50_000_000


def decoded(cdr: bytes, kind: str) -> np.ndarray:
    return decode(BagMessage('', 0, cdr), kind)


def all_packets(path: Path, transport: str = 'raw', **options: object) -> list:
    return list(
        packets(
            open_source(path),
            Encoder(transport, **options),
            loop=False,
            skipped=lambda reason: pytest.fail(reason),
        )
    )


@pytest.mark.parametrize('compressed', [False, True])
@pytest.mark.parametrize(
    ('mcap', 'compression'),
    [
        (False, CompressionMode.NONE),
        (True, CompressionMode.NONE),
        (False, CompressionMode.FILE),
        (False, CompressionMode.MESSAGE),
    ],
)
def test_a_bag_gives_images_stamps_and_camera_info(
    make_bag: Callable[..., Path], compressed: bool, mcap: bool, compression: CompressionMode
) -> None:
    path = make_bag(compressed=compressed, mcap=mcap, compression=compression)
    frames = list(open_source(path).frames())
    assert [frame.stamp_ns - FIRST_STAMP_NS for frame in frames] == [
        index * PERIOD_NS for index in range(4)
    ]
    for index, frame in enumerate(frames):
        assert frame.image().shape == (48, 64, 3)
        assert abs(int(frame.image()[0, 0, 0]) - 10 * index) <= 1
        assert frame.camera_info is not None
        assert read_stamp(frame.camera_info) == frame.stamp_ns


def test_a_single_bag_file_is_a_source(make_bag: Callable[..., Path]) -> None:
    path = make_bag(mcap=True) / 'bag.mcap'
    assert len(list(open_source(path).frames())) == 4


@pytest.mark.parametrize('compressed', [False, True])
def test_a_bag_of_2019_is_read(make_bag: Callable[..., Path], compressed: bool) -> None:
    bag = make_bag(compressed=compressed)
    old = [(frame.stamp_ns, frame.message.data) for frame in open_source(as_of_2019(bag)).frames()]
    new = [(frame.stamp_ns, frame.message.data) for frame in open_source(bag).frames()]
    assert old == new and len(old) == 4


@pytest.mark.parametrize('mcap', [False, True])
def test_a_bag_without_metadata_is_a_source(make_bag: Callable[..., Path], mcap: bool) -> None:
    path = make_bag(mcap=mcap)
    (path / 'metadata.yaml').unlink()
    frames = list(open_source(path).frames())
    assert len(frames) == 4 and all(frame.camera_info for frame in frames)


def test_what_is_lost_of_a_bag_is_said(make_bag: Callable[..., Path]) -> None:
    file = make_bag(mcap=True, count=25) / 'bag.mcap'
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    said: list[str] = []
    sent = list(packets(open_source(file), Encoder('raw'), loop=False, skipped=said.append))
    assert 0 < len(sent) < 25
    assert 'ends early' in said[-1]


def test_the_topic_is_chosen_where_a_bag_holds_several(make_bag: Callable[..., Path]) -> None:
    path = make_bag(cameras=('front', 'left'))
    with pytest.raises(SourceError, match='--bag-topic.*/camera/front/image_raw, /camera/left'):
        open_source(path)
    assert len(list(open_source(path, bag_topic='/camera/left/image_raw').frames())) == 4
    with pytest.raises(SourceError, match='no image topic /camera/up; it holds /camera/front'):
        open_source(path, bag_topic='/camera/up')


def test_a_folder_is_sorted_and_stamped_by_its_rate(image_folder: Path) -> None:
    frames = list(open_source(image_folder, fps=10.0).frames())
    assert [frame.stamp_ns for frame in frames] == [
        1_000_000_000 + index * 100_000_000 for index in range(4)
    ]
    assert frames[3].image()[0, 0, 0] == 30


def test_pictures_of_any_kind_are_found_where_they_lie(tmp_path: Path) -> None:
    (tmp_path / 'calib').mkdir()
    (tmp_path / 'calib' / 'um_000000.txt').write_text('P0: 1')
    for folder, names in (('image_2', ('b.png', 'a.bmp')), ('other', ('c.png',))):
        (tmp_path / folder).mkdir()
        for grey, name in enumerate(names):
            cv2.imwrite(str(tmp_path / folder / name), np.full((8, 9, 3), grey, np.uint8))
    (tmp_path / 'image_2' / 'c.jpg').write_bytes(b'')
    frames = list(open_source(tmp_path, camera='left').frames())
    assert [frame.message.name for frame in frames] == ['a.bmp', 'b.png', 'c.jpg']
    assert [int(frame.image()[0, 0, 0]) for frame in frames[:2]] == [1, 0]
    with pytest.raises(ConversionError, match='c.jpg: compressed image .* of 0 bytes'):
        frames[2].image()
    assert len(list(open_source(tmp_path / 'other' / 'c.png').frames())) == 1


@pytest.mark.parametrize('truth', ['gt_image_2', 'trainannot', 'labels', 'masks', 'gtFine'])
def test_truth_beside_the_pictures_of_a_data_set_is_no_frame(tmp_path: Path, truth: str) -> None:
    for folder in ('image_2', truth):
        (tmp_path / 'training' / folder).mkdir(parents=True)
        cv2.imwrite(str(tmp_path / 'training' / folder / 'a.png'), np.zeros((8, 9, 3), np.uint8))
    for folder, count in ((tmp_path, 1), (tmp_path / 'training' / truth, 1)):
        assert len(list(open_source(folder).frames())) == count


def test_a_video_is_stamped_by_its_rate(tmp_path: Path) -> None:
    path = tmp_path / 'video.mp4'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'mp4v'), 20.0, (64, 48))
    for index in range(5):
        writer.write(np.full((48, 64, 3), 40 * index, np.uint8))
    writer.release()
    frames = list(open_source(path).frames())
    assert [frame.time_ns for frame in frames] == [index * 50_000_000 for index in range(5)]


def test_what_is_no_source_is_refused_and_named(tmp_path: Path) -> None:
    text = tmp_path / 'notes.txt'
    text.write_text('no video', encoding='utf-8')
    (tmp_path / 'broken.db3').write_bytes(b'no database')
    (tmp_path / 'empty').mkdir()
    for name, message in (
        ('missing', 'does not exist'),
        ('notes.txt', 'no video or picture that OpenCV'),
        ('broken.db3', 'is no bag, or too damaged'),
        ('empty', 'holds no pictures'),
    ):
        with pytest.raises(SourceError, match=f'{name}.*{message}'):
            open_source(tmp_path / name)


def test_unreadable_frames_are_skipped_and_named(image_folder: Path) -> None:
    broken = image_folder / '001.jpg'
    broken.write_bytes(broken.read_bytes()[:200])
    skipped: list[str] = []
    sent = list(
        packets(open_source(image_folder), Encoder('raw'), loop=False, skipped=skipped.append)
    )
    assert len(sent) == 3
    assert len(skipped) == 1
    assert 'frame 1' in skipped[0]


@pytest.mark.parametrize(
    ('part', 'numbers'),
    [
        (TimeRange(), [0, 1, 2, 3]),
        (TimeRange(PERIOD_NS), [1, 2, 3]),
        (TimeRange(PERIOD_NS + 1), [2, 3]),
        (TimeRange(0, 2 * PERIOD_NS), [0, 1]),
        (TimeRange(PERIOD_NS, PERIOD_NS + 1), [1]),
    ],
)
def test_a_part_of_a_recording_is_played(
    make_bag: Callable[..., Path], part: TimeRange, numbers: list[int]
) -> None:
    sent = list(
        packets(open_source(make_bag()), Encoder('raw'), loop=False, skipped=pytest.fail, part=part)
    )
    assert [(packet.stamp_ns - FIRST_STAMP_NS) // PERIOD_NS for packet in sent] == numbers
    assert [packet.index for packet in sent] == list(range(len(numbers)))


@pytest.mark.parametrize('loop', [False, True])
def test_a_camera_may_be_without_frames_in_a_part(
    make_bag: Callable[..., Path], loop: bool
) -> None:
    assert (
        list(
            packets(
                open_source(make_bag()),
                Encoder('raw'),
                loop=loop,
                skipped=pytest.fail,
                part=TimeRange(7_500_000_000),
            )
        )
        == []
    )


def test_a_source_without_a_readable_frame_ends_with_an_error(image_folder: Path) -> None:
    for file in image_folder.iterdir():
        file.write_bytes(b'\xff\xd8\xff')
    with pytest.raises(SourceError, match='no frame that can be read'):
        list(
            packets(
                open_source(image_folder), Encoder('raw'), loop=True, skipped=lambda reason: None
            )
        )


def test_looping_goes_on_with_stamps_and_index(make_bag: Callable[..., Path]) -> None:
    stream = packets(
        open_source(make_bag()),
        Encoder('raw'),
        loop=True,
        skipped=lambda reason: pytest.fail(reason),
    )
    taken = [next(stream) for _ in range(10)]
    assert [packet.index for packet in taken] == list(range(10))
    assert [packet.stamp_ns - FIRST_STAMP_NS for packet in taken] == [
        index * PERIOD_NS for index in range(10)
    ]
    # The image comes from memory; its stamp is set when it is sent.
    assert with_stamp(taken[5].image, taken[5].stamp_ns)[12:] == taken[1].image[12:]


def test_recorded_messages_pass_as_they_are(make_bag: Callable[..., Path]) -> None:
    for compressed, transport in ((False, 'raw'), (True, 'compressed')):
        path = make_bag(f'bag_{transport}', compressed=compressed)
        assert [packet.image for packet in all_packets(path, transport)] == [
            frame.message.data for frame in open_source(path).frames()
        ]


@pytest.mark.parametrize(
    ('compressed', 'transport', 'kind'),
    [(True, 'raw', RAW_TYPE), (False, 'compressed', COMPRESSED_TYPE)],
)
def test_the_other_transport_is_converted(
    make_bag: Callable[..., Path], compressed: bool, transport: str, kind: str
) -> None:
    for index, packet in enumerate(all_packets(make_bag(compressed=compressed), transport)):
        assert message_types().deserialize_cdr(packet.image, kind).header.frame_id == 'lens'
        image = decoded(packet.image, kind)
        assert abs(int(image[20, 20, 1]) - 10 * index) <= 1


def test_resizing_scales_the_camera_info_too(make_bag: Callable[..., Path]) -> None:
    packet = all_packets(make_bag(), size=(24, 32))[0]
    assert decoded(packet.image, RAW_TYPE).shape == (24, 32, 3)
    info = message_types().deserialize_cdr(packet.camera_info, CAMERA_INFO_TYPE)
    assert (info.height, info.width) == (24, 32)
    np.testing.assert_allclose(info.k, [30, 0, 15.5, 0, 30, 11.5, 0, 0, 1])


def test_a_stamp_is_set_without_touching_the_rest() -> None:
    cdr = image_cdr(np.zeros((2, 2, 3), np.uint8), encoding='bgr8', stamp_ns=5, frame_id='a')
    stamped = with_stamp(cdr, 1_700_000_000_123_456_789)
    assert read_stamp(stamped) == 1_700_000_000_123_456_789
    assert stamped[12:] == cdr[12:]
    assert with_stamp(stamped, 5) == cdr


def test_a_damaged_recorded_message_is_a_conversion_error() -> None:
    cdr = image_cdr(np.zeros((2, 2, 3), np.uint8), encoding='bgr8', stamp_ns=5, frame_id='a')
    with pytest.raises(ConversionError):
        decoded(cdr[:30], RAW_TYPE)
