"""Evaluate one bag into a folder of its own."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import chain, islice
from pathlib import Path

import cv2
from tqdm import tqdm

from roadseg_core.bags.cdr import BILLION
from roadseg_core.bags.records import SourceError
from roadseg_core.engines import Engine
from roadseg_core.evaluation.drives.analysis import Analysed, CameraAnalysis
from roadseg_core.evaluation.drives.annotated import image_files, is_latched
from roadseg_core.evaluation.drives.bag_totals import bag_totals
from roadseg_core.evaluation.drives.cameras import find_cameras
from roadseg_core.evaluation.drives.ground import open_ground
from roadseg_core.evaluation.drives.recording import Recording, write_no_rows
from roadseg_core.evaluation.drives.scoring import truth_label_map
from roadseg_core.evaluation.drives.segmenting import GROUP, Work, segmented
from roadseg_core.evaluation.drives.stages import mapped
from roadseg_core.evaluation.drives.totals import BagOutcome, BagTotals
from roadseg_core.evaluation.drives.truth import open_truth
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.sources.camera_bag import Reader
from roadseg_core.sources.opening import open_reader

_log = logging.getLogger(__name__)

_Group = list[tuple[Work, Analysed | None]]

_BEHIND = 1
"""Groups of segmented frames for each thread that analyses, which may wait for it."""

_MOST_ANALYSTS = 4
"""Threads that measure frames, at most: more would wait for Python's lock."""


def evaluate_bag(path: Path, config: EvaluationConfig, part: Path, *, engine: Engine) -> BagTotals:
    """
    Evaluate one bag; what can be read of it is evaluated, and what is lost is reported.

    :param path: a bag, a video or a folder of pictures, as the rows name it
    :param part: folder for its part of the results, which :class:`Recording` writes
    :param engine: opened by this thread for this configuration
    :returns: the bag's totals; one that cannot be read at all is a failed :class:`BagOutcome`
    :raises EvaluationError: if the truth cannot be opened, or the engine fails
    :raises OSError: if the part cannot be written
    """
    try:
        with ExitStack() as stack:
            stack.enter_context(_one_opencv_thread())
            drive = _Drive(path, config, part, engine, stack)
            works = segmented(
                drive.works(), engine, batch=config.engine.batch, fallback=config.fallback
            )
            analysts = min(_MOST_ANALYSTS, len(os.sched_getaffinity(0)))
            measured = mapped(
                drive.measured, drive.paired(works), workers=analysts, ahead=_BEHIND * analysts
            )
            # One thread records: SQLite wants to be closed by the thread that opened it.
            taken = mapped(drive.take, _with_end(measured), workers=1, ahead=_BEHIND)
            bar = tqdm(
                desc=path.name,
                total=drive.expected,
                unit=' frames',
                leave=False,
                disable=True if config.fleet else None,
            )
            with bar, closing(taken):
                for frames in taken:
                    bar.update(frames)
            return drive.totals()
    except SourceError as error:
        reason = str(error)
    except (EvaluationError, OSError):
        raise  # no bag could be evaluated, or nothing be written
    except Exception as error:  # whatever is wrong with one bag, the others can be read
        _log.exception('%s cannot be evaluated', path)
        reason = (
            f'unexpected {type(error).__name__}: {error}; the log holds the traceback; please '
            'report it'
        )
    write_no_rows(part)
    return BagTotals(bags=(BagOutcome(str(path), 'failed', (reason,)),))


@contextmanager
def _one_opencv_thread() -> Iterator[None]:
    """Frames have threads of their own; OpenCV's would only stand in the engine's way."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(threads)


def _with_end(groups: Iterator[_Group]) -> Iterator[_Group | None]:
    """Yield the groups, then None."""
    with closing(groups):
        yield from chain(groups, (None,))


class _Drive:
    """
    Read a bag's frames, and record and add up what they say.

    :param stack: closes what is opened
    """

    def __init__(
        self, path: Path, config: EvaluationConfig, part: Path, engine: Engine, stack: ExitStack
    ) -> None:
        self._path = path
        self._config = config
        self._bag = bag = stack.enter_context(open_reader(path, scratch=part))
        self._cameras, self._notes = find_cameras(
            bag.topics, config.cameras, possible_truth(config, bag)
        )
        self._truth_bag = stack.enter_context(bag.reopened()) if config.truth else bag
        self._recording = stack.enter_context(
            Recording(
                part,
                config,
                bag=str(path),
                topics=bag.topics,
                cameras=self._cameras,
                names=bag.names,
            )
        )
        self._label_map = engine.info.label_map
        self._truth_map = truth_label_map(config, self._label_map)
        only_camera = len(self._cameras) == 1
        self._truths = {
            camera.topic: open_truth(
                config.truth, camera.name, bag=self._truth_bag, only_camera=only_camera
            )
            for camera in self._cameras
        }
        self._analyses = {
            camera.topic: CameraAnalysis(
                camera,
                config,
                bag=str(path),
                label_map=self._label_map,
                truth_map=self._truth_map,
                wanted=self._recording.wanted,
                encode=image_files if config.outputs.annotated else None,
                truth=self._truths[camera.topic],
                ground=open_ground(
                    config.ground,
                    camera,
                    self._truth_bag,
                    label_map=self._label_map,
                    truth_map=self._truth_map,
                ),
            )
            for camera in self._cameras
        }

    @property
    def expected(self) -> int | None:
        """Return about how many frames there are to evaluate; None if unknown."""
        total = sum(self._bag.counts.get(camera.topic, 0) for camera in self._cameras)
        return total // self._config.range.every or None

    def works(self) -> Iterator[Work]:
        """Yield the messages to evaluate, and those to copy; count what the cameras recorded."""
        bag, every, annotated = self._bag, self._config.range.every, self._config.outputs.annotated
        by_topic = {camera.topic: camera for camera in self._cameras}
        bag_start = bag.start_ns() or 0
        first_ns = bag_start + round(self._config.range.start_seconds * BILLION)
        end = self._config.range.end_seconds
        end_ns = None if end is None else bag_start + round(end * BILLION)
        recorded = dict.fromkeys(by_topic, 0)
        latched = frozenset(name for name, topic in bag.topics.items() if is_latched(topic))
        # From the bag's start: a frame's index counts all that its camera recorded.
        for message in bag.messages(None if annotated else by_topic, end_ns=end_ns):
            in_range = message.time_ns >= first_ns
            if message.topic not in by_topic:
                if in_range:
                    yield Work(message)
                elif message.topic in latched:
                    # What it said before still holds: it stands where the range begins.
                    yield Work(message._replace(time_ns=first_ns))
                continue
            counts = self._analyses[message.topic].counts
            index = recorded[message.topic]
            if index == 0:
                counts.late_ns = message.time_ns - bag_start
            recorded[message.topic] = index + 1
            if not in_range:
                continue
            counts.read += 1
            if index % every == 0:
                yield Work(message, by_topic[message.topic], index)
            elif annotated:
                yield Work(message)

    def paired(self, works: Iterator[Work]) -> Iterator[list[Work]]:
        """Yield the works in groups, each frame paired with the one before it."""
        with closing(works):
            while group := list(islice(works, GROUP)):
                for work in group:
                    if work.camera is not None:
                        self._analyses[work.camera.topic].pair(work)
                yield group

    def measured(self, group: list[Work]) -> _Group:
        """Measure frames, in any thread; None for what is no frame."""
        return [
            (work, work.camera and self._analyses[work.camera.topic].measured(work))
            for work in group
        ]

    def take(self, group: _Group | None) -> int:
        """Add up and record the next messages, None at the end; return how many are frames."""
        if group is None:
            self._recording.finish(self._label_map, self._truth_map)
            return 0
        for work, frame in group:
            if work.camera is not None:
                frame = self._analyses[work.camera.topic].taken(work, frame)
            self._recording.add(work, frame)
        return sum(work.camera is not None for work, _ in group)

    def totals(self) -> BagTotals:
        """Return what all frames add up to, once all are taken."""
        for loss in self._truth_bag.losses.described:
            self._bag.losses.add(loss)
        return bag_totals(
            self._path,
            self._config,
            self._bag,
            (*self._notes, *self._recording.notes),
            analyses=self._analyses,
            truths=self._truths,
        )


def possible_truth(config: EvaluationConfig, bag: Reader) -> frozenset[str]:
    """Return the topics that hold truth, if cameras are named by the parts of their topics."""
    named = config.truth.topics.values()
    patterns = [re.escape(topic).replace(re.escape('{camera}'), '[^/]+') for topic in named]
    return frozenset(
        name for name in bag.topics if any(re.fullmatch(pattern, name) for pattern in patterns)
    )
