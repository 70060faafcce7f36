"""The sections of an evaluation file; an option of the command line stands here once."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from roadseg_core.engines import BACKENDS
from roadseg_core.evaluation.settings.values import (
    LabelMapName,
    PathValue,
    Poses,
    Rules,
    Section,
    Topics,
    option,
)

ANNOTATED_STORAGES = ('mcap', 'sqlite3')
TRUTH_KEYS = ('stamp', 'index')


class EngineChoice(Section):
    """What runs the model; as the node's parameters of these names."""

    backend: Literal[BACKENDS] = option('auto', 'what runs the model')
    device: str = option('auto', 'device of the backend, such as CPU')
    precision: Literal['auto', 'fp32', 'bf16', 'fp16', 'int8'] = option(
        'auto', 'numbers to compute in'
    )
    threads: int = option(0, 'threads of the engine; 0: all cores', ge=0, le=256)
    batch: int = option(0, 'frames in a batch; 0: as many as the model takes', ge=0, le=256)


class RangeChoice(Section):
    """Which frames of a bag are evaluated; seconds count from its first message."""

    start_seconds: float = option(0.0, 'where to begin, in seconds', flag='--start', ge=0)
    end_seconds: float | None = option(
        None, 'where to end, in seconds (default: at the end)', flag='--end', gt=0
    )
    every: int = option(1, 'evaluate every n-th frame of a camera', ge=1)

    @model_validator(mode='after')
    def _is_some_time(self) -> RangeChoice:
        if self.end_seconds is not None and self.end_seconds <= self.start_seconds:
            raise ValueError(
                f'the range from {self.start_seconds:g} s to {self.end_seconds:g} s is empty; '
                'expected an end after the start'
            )
        return self


class TruthChoice(Section):
    """Where the true label images are: in topics of the bag, or in a folder; else nowhere."""

    topics: Topics = option(
        {},
        'topic of true label images (mono8 ids) in the bag, of one camera or of each; '
        '{camera} stands for its name',
        flag='--truth-topic',
        metavar='[CAMERA=]TOPIC',
    )
    folder: PathValue | None = option(
        None,
        'folder of true label images (PNG), in a folder for each camera',
        flag='--truth-folder',
    )
    key: Literal[TRUTH_KEYS] = option(
        'stamp',
        'what files of the folder are named by (of a video always by index, of pictures as they)',
        flag='--truth-key',
    )
    slop_seconds: float = option(
        0.0, 'how far stamps of image and truth may lie apart', flag='--truth-slop', ge=0, le=10
    )
    label_map: LabelMapName = option(
        '',
        "label map of the truth, by its name or YAML file (default: the model's)",
        flag='--truth-map',
    )

    @property
    def slop_ns(self) -> int:
        """Return the slop in nanoseconds."""
        return round(self.slop_seconds * 1e9)

    def __bool__(self) -> bool:
        return bool(self.topics) or self.folder is not None

    @model_validator(mode='after')
    def _is_one_place(self) -> TruthChoice:
        if self.topics and self.folder is not None:
            raise ValueError('truth from topics and from a folder; choose one')
        for topic in self.topics.values():
            if not topic.startswith('/'):
                raise ValueError(
                    f'truth topic {topic!r}; expected a full name, such as /truth/front/label'
                )
        return self


class GroundChoice(Section):
    """Where cameras are on the vehicle: then labels and truth are compared on the ground, too."""

    poses: Poses = option(
        {},
        "pose of a camera's optical frame in base_link, in metres and radians",
        flag='--pose',
        metavar='NAME=X,Y,Z,ROLL,PITCH,YAW',
    )
    hood: float = option(
        0.0, 'share of the image height in which cameras see their own vehicle', ge=0, lt=1
    )


class OutputChoice(Section):
    """What is measured and written."""

    confidence: bool = option(True, 'do not measure the confidence')
    consistency: bool = option(True, 'do not compare neighbouring frames along optical flow')
    consistency_every: int = option(
        1, 'compare every n-th frame with its neighbour along optical flow', ge=1
    )
    flow_width: int = option(
        320, 'pixels that images for optical flow are wide, at most; smaller is faster', ge=64
    )
    annotated: Literal[('', *ANNOTATED_STORAGES)] = option(
        '', 'write bags with labels, road masks and overlays'
    )
    video: bool = option(False, 'write an MP4 of the overlays for each camera')
    pictures: int = option(4, 'worst, and best, frames in the report', ge=0, le=50)


class ComparisonChoice(Section):
    """How two models are compared; frames are drawn in blocks for confidence intervals."""

    against: PathValue = option(
        ..., 'evaluate this model, too, and compare (default: none)', metavar='MODEL'
    )
    rule: Rules = option(
        (),
        'what must hold of the difference, the model less the other, in the whole interval; '
        "such as 'road_iou >= -0.005'",
        metavar="'FIGURE >= NUMBER'",
    )
    confidence: float = option(0.95, 'of the intervals', flag=None, ge=0.5, le=0.999)
    block_seconds: float = option(2.0, 'length of the blocks', gt=0, le=3600)
    resamples: int = option(2000, 'how often blocks are drawn', flag=None, ge=100, le=100_000)
    seed: int = option(0, 'of the draws', flag=None, ge=0)
    pictures: int = option(6, 'most different frames shown', flag=None, ge=0, le=50)


class LiveChoice(Section):
    """How bags are played over DDS to a node, in real time."""

    rate: float = option(1.0, 'speed; 1: as recorded', gt=0, le=100)
    clock_hz: float = option(100.0, 'rate of /clock in Hz; 0: none', flag='--clock', ge=0, le=1000)
    fps: float | None = option(None, "the node's cap (default: the bag's rate)", ge=0.1, le=240)
    node: str | None = option(None, 'name of a node that runs (default: one is started)')


class FleetChoice(Section):
    """Where many bags are evaluated at once; needs dask.distributed."""

    workers: int = option(0, 'processes on this machine; 0: none', ge=0)
    scheduler: str = option(
        '', 'a running scheduler; its workers must see the same paths', metavar='tcp://HOST:PORT'
    )
    retries: int = option(2, 'how often a failed bag is tried again', flag=None, ge=0)

    def __bool__(self) -> bool:
        return bool(self.workers or self.scheduler)

    @model_validator(mode='after')
    def _is_one_cluster(self) -> FleetChoice:
        if self.workers and self.scheduler:
            raise ValueError(
                f'{self.workers} workers and the scheduler {self.scheduler}; choose one'
            )
        return self
