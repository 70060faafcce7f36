"""Evaluate one bag into a folder of its own."""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import cv2

from roadseg_core.bags.cdr import BILLION
from roadseg_core.bags.reader import BagReader
from roadseg_core.bags.records import BagError
from roadseg_core.engines import Engine
from roadseg_core.evaluation.drives.analysis import CameraAnalysis
from roadseg_core.evaluation.drives.annotated import is_latched
from roadseg_core.evaluation.drives.bag_totals import bag_totals
from roadseg_core.evaluation.drives.cameras import Camera, find_cameras
from roadseg_core.evaluation.drives.recording import Recording, write_no_rows
from roadseg_core.evaluation.drives.scoring import truth_label_map
from roadseg_core.evaluation.drives.segmenting import Work, open_model, segmented
from roadseg_core.evaluation.drives.stages import Sink
from roadseg_core.evaluation.drives.totals import BagOutcome, BagTotals
from roadseg_core.evaluation.drives.truth import TruthSource, open_truth
from roadseg_core.evaluation.settings.settings import EvaluationError, Settings

_log = logging.getLogger(__name__)

PARTS = 'parts'
"""Folder of the bags' parts of the results."""

Progress = Callable[[int, int], None]


def part_folder(path: Path, output: Path) -> Path:
    """Return where a bag's part of the results goes: the same for the same path."""
    name = re.sub(r'[^\w.-]', '_', path.name) or 'bag'
    return output / PARTS / f'{name}-{hashlib.sha256(str(path).encode()).hexdigest()[:8]}'


def evaluate_one_bag(
    path: Path,
    settings: Settings,
    output: Path,
    *,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> BagTotals:
    """
    Evaluate one bag; what can be read of it is evaluated, and what is lost is reported.

    Its part of the results goes to :func:`part_folder`: what :class:`Recording` writes, and
    ``totals.json``, written last: a part that has it is whole.

    :param path: folder or file of a bag, as the rows name it
    :param output: folder of all results
    :param engine: opened by this thread for these settings; None: one is opened and closed
    :param progress: called with the frames that were evaluated, and that there are (0: unknown)
    :returns: the bag's totals; one that cannot be read at all is a failed :class:`BagOutcome`
    :raises EvaluationError: if the model or the truth cannot be opened, or nothing be written
    """
    part = part_folder(path, output)
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        with ExitStack() as stack:
            # Frames have threads of their own; OpenCV's would only stand in the engine's way.
            stack.callback(cv2.setNumThreads, cv2.getNumThreads())
            cv2.setNumThreads(1)
            if engine is None:
                engine = open_model(settings)
                stack.callback(engine.close)
            try:
                totals = _evaluate(path, settings, part, engine, progress or _no_progress)
            except BagError as error:
                totals = _failed(path, part, str(error))
            except (EvaluationError, OSError):
                raise  # no bag could be evaluated, or nothing be written
            except Exception as error:  # whatever is wrong with one bag, the others can be read
                _log.exception('%s cannot be evaluated', path)
                totals = _failed(
                    path,
                    part,
                    f'unexpected {type(error).__name__}: {error}; the '
                    'log holds the traceback; please report it',
                )
        (part / 'totals.json').write_text(json.dumps(totals.to_dict()), encoding='utf-8')
    except OSError as error:
        raise EvaluationError(
            f'{error.filename or part} cannot be read or written: {error.strerror or error}; '
            'check the free space of the output folder, or choose another one'
        ) from error
    return totals


def _failed(path: Path, part: Path, reason: str) -> BagTotals:
    """Return the totals of a bag that has failed, and leave rows of nothing."""
    write_no_rows(part)
    return BagTotals(bags=(BagOutcome(str(path), 'failed', (reason,)),))


def _evaluate(
    path: Path, settings: Settings, part: Path, engine: Engine, progress: Progress
) -> BagTotals:
    with ExitStack() as stack:
        bag = stack.enter_context(BagReader(path, scratch=part))
        cameras, notes = find_cameras(bag.topics, settings.cameras, possible_truth(settings, bag))
        truth_bag = stack.enter_context(bag.reopened()) if settings.truth else bag
        recording = stack.enter_context(
            Recording(part, settings, bag=str(path), topics=bag.topics, cameras=cameras)
        )
        evaluation = _Evaluation(path, settings, engine, cameras, truth_bag, recording)
        works = _works(bag, cameras, settings, evaluation.analyses)
        total = sum(bag.counts.get(camera.topic, 0) for camera in cameras) // settings.every
        # SQLite wants to be closed by the thread that opened it.
        sink = Sink(evaluation.take, 8, name='analysis', last=evaluation.finish)
        done = 0
        try:
            with closing(segmented(works, engine, batch=settings.batch)) as segmented_works:
                for work in segmented_works:
                    sink.put(work)
                    done += work.camera is not None
                    progress(done, total)
        except BaseException:
            sink.close(drain=False)
            raise
        sink.close(drain=True)
        for loss in truth_bag.losses.described:
            bag.losses.add(loss)
        return bag_totals(
            path,
            settings,
            bag,
            (*notes, *recording.notes),
            analyses=evaluation.analyses,
            truths=evaluation.truths,
        )


class _Evaluation:
    """Take segmented frames in order: what they say is recorded and added up."""

    def __init__(
        self,
        path: Path,
        settings: Settings,
        engine: Engine,
        cameras: tuple[Camera, ...],
        truth_bag: BagReader,
        recording: Recording,
    ) -> None:
        self._recording = recording
        self._label_map = label_map = engine.info.label_map
        self._truth_map = truth_label_map(settings, label_map)
        self.truths: dict[str, TruthSource | None] = {
            camera.topic: open_truth(
                settings.truth, camera.name, bag=truth_bag, only_camera=len(cameras) == 1
            )
            for camera in cameras
        }
        self.analyses = {
            camera.topic: CameraAnalysis(
                camera,
                settings,
                bag=str(path),
                label_map=label_map,
                truth_map=self._truth_map,
                wanted=recording.wanted,
                truth=self.truths[camera.topic],
            )
            for camera in cameras
        }

    def take(self, work: Work) -> None:
        """Analyse and record the next message."""
        analysed = None
        if work.camera is not None:
            analysed = self.analyses[work.camera.topic].analyse(work)
        self._recording.add(work, analysed)

    def finish(self) -> None:
        """Make what was recorded whole."""
        self._recording.finish(self._label_map, self._truth_map)


def _works(
    bag: BagReader,
    cameras: tuple[Camera, ...],
    settings: Settings,
    analyses: dict[str, CameraAnalysis],
) -> Iterator[Work]:
    """Yield the messages to evaluate, and those to copy; count what the cameras recorded."""
    by_topic = {camera.topic: camera for camera in cameras}
    bag_start = bag.start_ns() or 0
    first_ns = bag_start + round(settings.start * BILLION)
    end_ns = None if settings.end is None else bag_start + round(settings.end * BILLION)
    recorded = dict.fromkeys(by_topic, 0)
    latched = frozenset(name for name, topic in bag.topics.items() if is_latched(topic))
    # From the bag's start: a frame's index counts all that its camera recorded.
    for message in bag.messages(None if settings.annotated else by_topic, end_ns=end_ns):
        in_range = message.time_ns >= first_ns
        if message.topic not in by_topic:
            if in_range:
                yield Work(message)
            elif message.topic in latched:
                # What it said before still holds: it stands where the range begins.
                yield Work(message._replace(time_ns=first_ns))
            continue
        sums = analyses[message.topic].sums
        index = recorded[message.topic]
        if index == 0:
            sums.late_ns = message.time_ns - bag_start
        recorded[message.topic] = index + 1
        if not in_range:
            continue
        sums.read += 1
        if index % settings.every == 0:
            yield Work(message, by_topic[message.topic], index)
        elif settings.annotated:
            yield Work(message)


def possible_truth(settings: Settings, bag: BagReader) -> frozenset[str]:
    """Return the topics that hold truth, if cameras are named by the parts of their topics."""
    known = set(settings.truth.topics.values()) & set(bag.topics)
    patterns = [
        re.escape(topic).replace(re.escape('{camera}'), '[^/]+')
        for topic in settings.truth.topics.values()
    ]
    return frozenset(
        known | {name for name in bag.topics for pattern in patterns if re.fullmatch(pattern, name)}
    )


def _no_progress(done: int, total: int) -> None:
    """Say nothing."""
