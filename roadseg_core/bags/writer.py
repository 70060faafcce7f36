"""Write bags of images: whole, or not at all."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
from rosbags.rosbag2 import StoragePlugin, Writer

from roadseg_core.bags.cdr import BILLION, camera_info_cdr, image_cdr, message_types
from roadseg_core.bags.message_types import CAMERA_INFO_TYPE, RAW_TYPE, camera_info_topic

FIRST_STAMP_NS = 1_700_000_000 * BILLION
"""Stamp of the first frame: a fixed date, so that equal frames make equal bags."""

_STORAGES = {'mcap': StoragePlugin.MCAP, 'sqlite3': StoragePlugin.SQLITE3}
STORAGES = tuple(_STORAGES)
_VERSION = 8  # of the metadata; Humble reads it too


def image_topic(camera: str) -> str:
    """Return the topic of a camera's images."""
    return f'/camera/{camera}/image_raw'


def truth_topic(camera: str) -> str:
    """Return the topic of a camera's true label images, of the same stamps."""
    return f'/truth/{camera}/label'


class BagWriter:
    """
    Write a new bag; use it as a context. A block that fails leaves none: half would look whole.

    :param path: folder of the bag; it must not exist
    :param storage: one of :data:`STORAGES`
    :raises OSError: if it cannot be written
    """

    def __init__(self, path: Path, storage: str = 'mcap') -> None:
        self._path = path
        self._writer = Writer(path, version=_VERSION, storage_plugin=_STORAGES[storage])
        self._connections: dict[str, object] = {}

    def __enter__(self) -> BagWriter:
        with self._as_os_error():
            self._writer.open()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        # A bag that failed may have no end to write; what it is told then helps nobody.
        with suppress(Exception) if kind is not None else self._as_os_error():
            self._writer.close()
        if kind is not None:
            shutil.rmtree(self._path, ignore_errors=True)

    def add_topic(self, name: str, message_type: str, **details: object) -> None:
        """
        Add a topic, which :meth:`write` does by itself for types that ROS has.

        :param details: what the ``add_connection`` of rosbags takes: ``msgdef``, ``rihs01``, ...
        """
        with self._as_os_error():
            self._connections[name] = self._writer.add_connection(
                name, message_type, **(details or {'typestore': message_types()})
            )

    @contextmanager
    def _as_os_error(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise OSError(None, str(error), str(self._path)) from error

    def write(self, topic: str, message_type: str, time_ns: int, cdr: bytes) -> None:
        """Add a serialized message."""
        if topic not in self._connections:
            self.add_topic(topic, message_type)
        with self._as_os_error():
            self._writer.write(self._connections[topic], time_ns, cdr)

    def write_frame(
        self,
        camera: str,
        image: np.ndarray,
        labels: np.ndarray,
        *,
        stamp_ns: int,
        intrinsics: tuple[float, float, float, float] | None = None,
    ) -> None:
        """
        Add a frame of a camera, its truth, and its CameraInfo where the camera is known.

        :param image: uint8 [H, W, 3], BGR
        :param labels: uint8 [H, W], class ids
        :param intrinsics: fx, fy, cx, cy in pixels, without distortion
        """
        if intrinsics is not None:
            info = camera_info_cdr(
                intrinsics, size=image.shape[:2], stamp_ns=stamp_ns, frame_id=camera
            )
            self.write(camera_info_topic(image_topic(camera)), CAMERA_INFO_TYPE, stamp_ns, info)
        for topic, array, encoding in (
            (image_topic(camera), image, 'bgr8'),
            (truth_topic(camera), labels, 'mono8'),
        ):
            cdr = image_cdr(array, encoding=encoding, stamp_ns=stamp_ns, frame_id=camera)
            self.write(topic, RAW_TYPE, stamp_ns, cdr)
