"""Frames of one camera, serialized and in order, repeated where the player loops."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from roadseg_core.bags.cdr import BILLION, with_stamp
from roadseg_core.bags.records import SourceError
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.playing.encoding import Encoder
from roadseg_core.sources.source import Source, SourceFrame

CACHE_BYTES = 256 << 20
"""A looped source up to this size stays in memory, serialized."""


@dataclass(frozen=True)
class Packet:
    """
    Hold one frame, ready to send.

    :param index: running number, over all repetitions
    :param time_ns: when it was recorded, from the source's origin; goes on over repetitions
    :param stamp_ns: its recorded stamp; goes on over repetitions, so that no stamp comes twice
    :param image: the serialized image
    :param camera_info: the serialized CameraInfo, if there is one
    """

    index: int
    time_ns: int
    stamp_ns: int
    image: bytes
    camera_info: bytes | None


@dataclass(frozen=True)
class TimeRange:
    """The part of a source from one time to before another, from its beginning; None: its end."""

    start_ns: int = 0
    end_ns: int | None = None

    def frames(self, source: Source) -> Iterator[tuple[int, SourceFrame]]:
        """Yield number, counted from the source's beginning, and frame."""
        for number, frame in enumerate(source.frames()):
            if self.end_ns is not None and frame.time_ns >= self.end_ns:
                return
            if frame.time_ns >= self.start_ns:
                yield number, frame

    def __str__(self) -> str:
        if self == WHOLE:
            return ''
        end = 'its end' if self.end_ns is None else f'second {self.end_ns / BILLION:g}'
        return f' from second {self.start_ns / BILLION:g} to {end}'


WHOLE = TimeRange()


def packets(
    source: Source,
    encoder: Encoder,
    *,
    loop: bool,
    skipped: Callable[[str], None],
    part: TimeRange = WHOLE,
) -> Iterator[Packet]:
    """
    Yield the frames of a source.

    :param loop: begin again at the end, without end
    :param skipped: called with the reason for each frame that cannot be read
    :param part: which of its frames
    :raises SourceError: if the whole source holds no frame that can be read; a part may be empty,
        as of a camera that starts later than the others
    """
    cache: list[Packet] = []
    cached_bytes = index = shift_ns = 0
    while True:
        first_ns = last_ns = None
        before = index
        for packet in cache or _one_pass(source, encoder, part, skipped):
            if loop and not shift_ns:
                cached_bytes += len(packet.image)
                cache.append(packet)
                if cached_bytes > CACHE_BYTES:
                    cache.clear()  # read anew each time
            first_ns = packet.time_ns if first_ns is None else first_ns
            last_ns = packet.time_ns
            yield replace(
                packet,
                index=index,
                time_ns=packet.time_ns + shift_ns,
                stamp_ns=packet.stamp_ns + shift_ns,
            )
            index += 1
        if first_ns is None or last_ns is None:
            if part == WHOLE:
                raise SourceError(f'{source.path} holds no frame that can be read')
            return
        if not loop:
            return
        if cached_bytes > CACHE_BYTES:
            cache.clear()
        frames = index - before
        period_ns = (last_ns - first_ns) // (frames - 1) if frames > 1 else source.period_ns
        shift_ns += last_ns - first_ns + max(1, period_ns)


def _one_pass(
    source: Source, encoder: Encoder, part: TimeRange, skipped: Callable[[str], None]
) -> Iterator[Packet]:
    for number, frame in part.frames(source):
        try:
            yield _packet(frame, encoder)
        except ConversionError as error:
            skipped(f'{source.path}, frame {number}: {error}')
    for loss in source.losses.described:
        skipped(f'{source.path}: {loss}')


def _packet(frame: SourceFrame, encoder: Encoder) -> Packet:
    image = encoder.encode(frame)
    info = frame.camera_info
    if info is not None:
        info = with_stamp(encoder.encode_info(info), frame.stamp_ns)
    return Packet(0, frame.time_ns, frame.stamp_ns, image, info)
