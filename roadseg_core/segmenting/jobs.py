"""List the frames to segment, and the files to write for each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from roadseg_core.bags.cdr import BILLION
from roadseg_core.bags.images import read_stamp
from roadseg_core.bags.records import BagMessage
from roadseg_core.evaluation.drives.cameras import Camera, find_cameras
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.frame import FRAME_OUTPUTS, Frame, OutputOptions
from roadseg_core.pipeline.segmentation import Segmentation
from roadseg_core.segmenting.journal import Journal
from roadseg_core.sources.camera_bag import Reader

OUTPUTS = (*FRAME_OUTPUTS, 'video')
"""What can be asked for: images of each frame, and an MP4 of the overlays of each camera."""


@dataclass(frozen=True)
class SegmentOptions:
    """
    Say what to make, and of which frames.

    :param outputs: some of :data:`OUTPUTS`
    :param frame: how the images are made
    :param cameras: image topic by camera, for bags; empty: all that look like cameras
    :param start: seconds from a recording's first message from which on frames are segmented
    :param end: seconds up to which; None for all
    :param every: segment every n-th frame of a camera
    :param batch: frames in a batch; 0 for as many as the model takes
    """

    outputs: frozenset[str]
    frame: OutputOptions = field(default_factory=OutputOptions)
    cameras: dict[str, str] = field(default_factory=dict)
    start: float = 0.0
    end: float | None = None
    every: int = 1
    batch: int = 0


@dataclass(frozen=True)
class Place:
    """
    Say where a camera's files go.

    :param key: tells it from the recording's other cameras
    :param folder: within the output folder; '' for that itself
    :param video: the video that is still to be made, '' for none
    """

    key: str
    camera: Camera
    folder: str
    video: str

    def file(self, output: str, stem: str) -> str:
        """Return the name of a frame's file; photographs are JPEG, all else is exact."""
        return str(PurePosixPath(self.folder, output, stem)) + (
            '.jpg' if output == 'overlay' else '.png'
        )


@dataclass(frozen=True)
class Job:
    """
    Follow one frame.

    :param files: those that are still to be made, by output
    :param error: why there is no image
    """

    message: BagMessage
    place: Place
    stamp_ns: int
    files: dict[str, str]
    frame: Frame | None = None
    error: str = ''
    result: Segmentation | None = None

    @property
    def is_wanted(self) -> bool:
        """Say whether anything of it is still to be made."""
        return bool(self.files or self.place.video)

    def describe(self, error: Exception) -> str:
        """Return an error with the frame that it is of."""
        if self.message.name:
            return str(error)  # which names the file
        return f'{self.place.camera.topic}, stamp {self.stamp_ns}: {error}'


class Jobs:
    """
    Iterate over the frames of a recording, in the order of recording.

    ``total`` is the number of frames, about; 0 where that is not known.

    :param folder: of the recording, within the journal's folder; '' for that itself
    :raises BagError: if the recording has no camera
    :raises OutputError: if a video of somebody else is in the way
    """

    def __init__(
        self, reader: Reader, options: SegmentOptions, journal: Journal, folder: str
    ) -> None:
        self.options, self.journal = options, journal
        self._reader = reader
        cameras, _ = find_cameras(reader.topics, options.cameras, ())
        self._places = {
            camera.topic: self._place(str(number), camera, folder, alone=len(cameras) == 1)
            for number, camera in enumerate(cameras)
        }
        whole = not options.start and options.end is None
        frames = sum(reader.counts.get(topic, 0) for topic in self._places) if whole else 0
        self.total = -(-frames // options.every)

    @property
    def places(self) -> tuple[Place, ...]:
        """Return where each camera's files go."""
        return tuple(self._places.values())

    def __iter__(self) -> Iterator[Job]:
        begin_ns = self._reader.start_ns() or 0
        first_ns = begin_ns + round(self.options.start * BILLION)
        end = self.options.end
        end_ns = None if end is None else begin_ns + round(end * BILLION)
        numbers = dict.fromkeys(self._places, 0)
        taken: set[tuple[str, str]] = set()
        for message in self._reader.messages(self._places, end_ns=end_ns):
            number = numbers[message.topic]
            numbers[message.topic] += 1
            if message.time_ns >= first_ns and number % self.options.every == 0:
                place = self._places[message.topic]
                stamp_ns = _stamp(message)
                stem = self._stem(message, number, stamp_ns)
                if (place.key, stem) in taken:  # a stamp that came twice, or a.jpg beside a.png
                    stem = f'{stem}_{number}'
                taken.add((place.key, stem))
                yield Job(message, place, stamp_ns, self._missing(place, stem))
        if end is None:
            self._count_lost(numbers)

    def _count_lost(self, numbers: dict[str, int]) -> None:
        for topic, read in numbers.items():
            held = self._reader.counts.get(topic, 0)
            if read < held:
                self._reader.losses.add(f'{topic}: {held - read} of {held} images cannot be read')

    def _place(self, key: str, camera: Camera, folder: str, *, alone: bool) -> Place:
        own = str(PurePosixPath(folder, '' if alone else camera.name))
        video = ''
        if 'video' in self.options.outputs:
            name = str(PurePosixPath(own, 'overlay.mp4'))
            if not self.journal.is_done(name):
                self.journal.check(name)
                video = name
        return Place(key, camera, own, video)

    def _stem(self, message: BagMessage, number: int, stamp_ns: int) -> str:
        if message.name:
            return str(PurePosixPath(message.name).with_suffix(''))
        return f'{number:06}' if self._reader.kind == 'video' else str(stamp_ns)

    def _missing(self, place: Place, stem: str) -> dict[str, str]:
        files = {
            output: place.file(output, stem)
            for output in FRAME_OUTPUTS
            if output in self.options.outputs
        }
        return {output: file for output, file in files.items() if not self.journal.is_done(file)}


def _stamp(message: BagMessage) -> int:
    try:
        return read_stamp(message.data) or message.time_ns
    except ConversionError:
        return message.time_ns
