"""Compare a quantized model file with its original on frames with truth."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from roadseg_core.data.source import FrameSource
from roadseg_core.engines import Engine, open_engine
from roadseg_core.evaluation.datasets.frames import ENGINE_OUTPUTS, segment
from roadseg_core.metrics import Tally
from roadseg_core.quantization.graph import QuantizationError

PLACE = 'network'
"""Compared are the network's pixels: those that quantization changes."""


@dataclass(frozen=True)
class Change:
    """
    Say what quantization changed on the frames of one data set.

    :param labels: share of equal labels
    :param miou_before: of the file in fp32, 0..1
    :param miou_after: of the quantized file
    """

    data: str
    frames: int
    labels: float
    miou_before: float
    miou_after: float

    @property
    def drop(self) -> float:
        """Return the loss of mIoU in points, that is percent; negative for a gain."""
        return 100.0 * (self.miou_before - self.miou_after)

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON types, rounded."""
        return {
            'data': self.data,
            'frames': self.frames,
            'labels': round(self.labels, 6),
            'miou_fp32': round(self.miou_before, 5),
            'miou_int8': round(self.miou_after, 5),
            'miou_change_points': round(-self.drop, 3),
        }


def compare_files(before: Path, after: Path, sources: Sequence[FrameSource]) -> list[Change]:
    """
    Compare two model files, the first in fp32, by OpenVINO on the CPU.

    :raises QuantizationError: if a source is empty
    """
    with ExitStack() as stack:
        engines = [
            stack.enter_context(
                closing(
                    open_engine(path, backend='openvino', precision='fp32', outputs=ENGINE_OUTPUTS)
                )
            )
            for path in (before, after)
        ]
        return [_compare(*engines, source) for source in sources]


def _compare(before: Engine, after: Engine, source: FrameSource) -> Change:
    if not len(source):
        raise QuantizationError(f'{source.name} has no frames; expected at least one to compare')
    tallies = [
        Tally(engine.info.label_map, road_only=source.road_only) for engine in (before, after)
    ]
    equal = pixels = 0
    places = tqdm(range(len(source)), desc=f'comparing on {source.name}', leave=False, disable=None)
    for index in places:
        labelled = source.load(index)
        found = [segment(engine, labelled, place=PLACE) for engine in (before, after)]
        for tally, frame in zip(tallies, found, strict=True):
            tally.add(frame)
        equal += int((found[0].labels == found[1].labels).sum())
        pixels += found[0].labels.size
    miou = [float(tally.confusion.scores().miou) for tally in tallies]
    return Change(source.name, len(source), equal / pixels, *miou)
