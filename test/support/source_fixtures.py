"""Small sources for the player."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer

from roadseg_core.bags.cdr import BILLION, compressed_cdr, image_cdr, message_types
from roadseg_core.bags.message_types import CAMERA_INFO_TYPE, COMPRESSED_TYPE, RAW_TYPE

FIRST_STAMP_NS = 1_700_000_000 * BILLION
PERIOD_NS = 50_000_000


def picture(index: int) -> np.ndarray:
    """Return uint8 [48, 64, 3] of one grey a frame, which a JPEG keeps."""
    return np.full((48, 64, 3), 10 * index, np.uint8)


def jpeg(image: np.ndarray) -> bytes:
    """Return an image as a JPEG file."""
    return cv2.imencode('.jpg', image)[1].tobytes()


def camera_info(stamp_ns: int) -> bytes:
    """Return the serialized CameraInfo of the 64x48 camera."""
    types = message_types()
    made = types.types
    return bytes(
        types.serialize_cdr(
            made[CAMERA_INFO_TYPE](
                header=made['std_msgs/msg/Header'](
                    stamp=made['builtin_interfaces/msg/Time'](
                        sec=stamp_ns // BILLION, nanosec=stamp_ns % BILLION
                    ),
                    frame_id='lens',
                ),
                height=48,
                width=64,
                distortion_model='plumb_bob',
                d=np.zeros(5),
                k=np.array([60.0, 0, 31.5, 0, 60, 23.5, 0, 0, 1]),
                r=np.eye(3).ravel(),
                p=np.array([60.0, 0, 31.5, 0, 0, 60, 23.5, 0, 0, 0, 1, 0]),
                binning_x=0,
                binning_y=0,
                roi=made['sensor_msgs/msg/RegionOfInterest'](
                    x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
                ),
            ),
            CAMERA_INFO_TYPE,
        )
    )


def as_of_2019(bag: Path) -> Path:
    """Return the file of a bag as rosbag2 recorded it in Dashing, made of an sqlite3 bag."""
    old = bag.with_suffix('.db3')
    with sqlite3.connect(bag / f'{bag.name}.db3') as new:
        topics = new.execute("SELECT id, name, replace(type, '/msg/', '/') FROM topics").fetchall()
        messages = new.execute('SELECT id, topic_id, timestamp, data FROM messages').fetchall()
    with sqlite3.connect(old) as database:
        database.executescript(
            'CREATE TABLE topics(id INTEGER PRIMARY KEY,name TEXT NOT NULL,type TEXT NOT NULL,'
            'serialization_format TEXT NOT NULL);'
            'CREATE TABLE messages(id INTEGER PRIMARY KEY,topic_id INTEGER NOT NULL,'
            'timestamp INTEGER NOT NULL, data BLOB NOT NULL);'
            'CREATE INDEX timestamp_idx ON messages (timestamp ASC);'
        )
        database.executemany("INSERT INTO topics VALUES(?, ?, ?, 'cdr')", topics)
        database.executemany('INSERT INTO messages VALUES(?, ?, ?, ?)', messages)
    return old


@pytest.fixture
def make_bag(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a bag of a few frames."""

    def make(
        name: str = 'bag',
        *,
        count: int = 4,
        compressed: bool = False,
        mcap: bool = False,
        compression: CompressionMode = CompressionMode.NONE,
        cameras: tuple[str, ...] = ('front',),
    ) -> Path:
        types = message_types()
        writer = Writer(
            tmp_path / name,
            version=8,
            storage_plugin=(StoragePlugin.MCAP if mcap else StoragePlugin.SQLITE3),
        )
        writer.set_compression(compression, CompressionFormat.ZSTD)
        with writer:
            for camera in cameras:
                topic = f'/camera/{camera}/image_raw' + ('/compressed' if compressed else '')
                images = writer.add_connection(
                    topic, COMPRESSED_TYPE if compressed else RAW_TYPE, typestore=types
                )
                infos = writer.add_connection(
                    f'/camera/{camera}/camera_info', CAMERA_INFO_TYPE, typestore=types
                )
                for index in range(count):
                    stamp = FIRST_STAMP_NS + index * PERIOD_NS
                    data = (
                        compressed_cdr(
                            jpeg(picture(index)),
                            file_format='jpeg',
                            stamp_ns=stamp,
                            frame_id='lens',
                        )
                        if compressed
                        else image_cdr(
                            picture(index), encoding='bgr8', stamp_ns=stamp, frame_id='lens'
                        )
                    )
                    writer.write(images, stamp + 1000, data)
                    writer.write(infos, stamp + 2000, camera_info(stamp))
        return tmp_path / name

    return make


@pytest.fixture
def image_folder(tmp_path: Path) -> Path:
    """Return a folder of four JPEG files."""
    folder = tmp_path / 'images'
    folder.mkdir()
    for index in range(4):
        (folder / f'{index:03}.jpg').write_bytes(jpeg(picture(index)))
    return folder
