"""Evaluate a model on a data set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from roadseg_core.data.dataset import DATA_SETS
from roadseg_core.data.framing import Framing
from roadseg_core.data.kitti_road import KittiRoadOptions, training_folder
from roadseg_core.data.options import parse_options
from roadseg_core.data.source import FrameSource
from roadseg_core.engines import Engine
from roadseg_core.evaluation.datasets.birds_eye import BirdsEyeView, read_calibration
from roadseg_core.evaluation.datasets.corruptions import corrupt
from roadseg_core.evaluation.datasets.frames import segment
from roadseg_core.metrics import Scores, SegmentedFrame, Tally


@dataclass(frozen=True)
class FrameScore:
    """A frame's place in its data set, its name and its figures."""

    index: int
    name: str
    scores: Scores

    def figure(self, road_only: bool) -> float:
        """Return what frames are ranked by: road IoU for truth of road only, else mIoU."""
        return self.scores.road_iou if road_only else self.scores.miou


@dataclass(frozen=True)
class Evaluation:
    """
    What was counted, in all and by frame.

    :param corrupted: of the same frames, by corruption
    """

    tally: Tally
    frames: tuple[FrameScore, ...]
    corrupted: Mapping[str, Tally]

    def to_dict(self, engine: Engine, source: FrameSource, *, place: str) -> dict[str, object]:
        """Return the report as plain JSON types."""
        info = engine.info
        return {
            'model': str(info.path),
            'sha256': info.sha256,
            'network': info.network,
            'network_arguments': info.network_arguments,
            'engine': asdict(engine.description),
            'data': source.name,
            'compared_at': place,
            'input_size': list(info.geometry.input_size),
            'geometry': info.geometry.mode,
            **self.tally.to_dict(),
            'corruptions': {name: _in_short(tally) for name, tally in self.corrupted.items()},
        }


def _in_short(tally: Tally) -> dict[str, object]:
    """Return the figures of corrupted frames, without the counts that they come from."""
    figures = {key: tally.to_dict()[key] for key in ('scores', 'road', 'calibration')}
    for stated in figures['calibration'].values():
        del stated['bins']
    return figures


def evaluate(
    engine: Engine,
    source: FrameSource,
    *,
    place: str = 'camera',
    calibrations: Path | None = None,
    corruptions: Sequence[str] = (),
    on_frame: Callable[[SegmentedFrame], None] = lambda frame: None,
) -> Evaluation:
    """
    Run every frame of a data set through an engine and count.

    :param engine: with the outputs ``frames.ENGINE_OUTPUTS``
    :param place: one of ``frames.PLACES``; seen from above are camera pixels only
    :param calibrations: folder of the frames' calibrations, see :func:`find_calibrations`
    :param corruptions: names of :data:`corruptions.CORRUPTIONS`; each frame is run once more by
        each of them
    :param on_frame: called with each frame as it is, in order
    """
    tally, *others = (
        Tally(engine.info.label_map, road_only=source.road_only) for _ in ('', *corruptions)
    )
    corrupted = dict(zip(corruptions, others))
    scores = []
    for index in range(len(source)):
        labelled = source.load(index)
        frame = segment(engine, labelled, place=place)
        above = view_from_above(calibrations, frame.name) if place == 'camera' else None
        scores.append(FrameScore(index, frame.name, tally.add(frame, above)))
        for name, other in corrupted.items():
            image = corrupt(labelled.image, name, frame=labelled.name)
            other.add(segment(engine, replace(labelled, image=image), place=place), above)
        on_frame(frame)
    return Evaluation(tally, tuple(scores), corrupted)


def view_from_above(calibrations: Path | None, frame: str) -> BirdsEyeView | None:
    """Return how a frame's road is seen from above; None where it has no calibration."""
    path = None if calibrations is None else calibrations / f'{frame}.txt'
    return read_calibration(path) if path is not None and path.is_file() else None


def find_calibrations(data: str, root: Path, options: Mapping[str, object]) -> Path | None:
    """
    Find the folder of a data set's calibrations.

    :param data: name of the data set; KITTI Road has them
    :returns: None where there are none, or the frames are cut out or resized
    """
    if data not in DATA_SETS or DATA_SETS[data].options is not KittiRoadOptions:
        return None
    parsed = parse_options(KittiRoadOptions, options, data)
    if parsed.framing() != Framing():
        return None
    folder = training_folder(root, parsed) / 'calib'
    return folder if folder.is_dir() else None
