"""The files that one bag's evaluation leaves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from roadseg_core.bags.records import Topic
from roadseg_core.evaluation.drives.analysis import Analysed
from roadseg_core.evaluation.drives.annotated import AnnotatedBag
from roadseg_core.evaluation.drives.cameras import Camera
from roadseg_core.evaluation.drives.extremes import Extremes
from roadseg_core.evaluation.drives.film import Film
from roadseg_core.evaluation.drives.rows import RowFile
from roadseg_core.evaluation.drives.segmenting import Work
from roadseg_core.evaluation.drives.videos import Videos
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.labels import LabelMap

ROW_FILES = ('frames.jsonl', 'timings.jsonl', 'bad.jsonl')
"""One line for each evaluated frame; the same with times; one for each undecodable image."""

ANNOTATED = 'annotated'


def write_no_rows(part: Path) -> None:
    """
    Leave the row files of a bag of which nothing was evaluated.

    :raises OSError: if they cannot be written
    """
    for name in ROW_FILES:
        (part / name).write_bytes(b'')


class Recording:
    """
    Write what frames say: rows, pictures, and, if asked for, ``annotated/`` and videos.

    Use it as a context; a block that fails leaves nothing that looks whole. Frames come from one
    thread, which finishes it too.

    :param part: folder of the bag's part of the results
    :param bag: how rows name the bag
    :param names: of its frames, where they are pictures
    :raises OSError: from any method, if it cannot be written
    """

    def __init__(
        self,
        part: Path,
        config: EvaluationConfig,
        *,
        bag: str,
        topics: Mapping[str, Topic],
        cameras: Iterable[Camera],
        names: Sequence[str] = (),
    ) -> None:
        self._bag = bag
        self._part = part
        self._extremes = Extremes(config.outputs.pictures, names)
        self._film = Film()
        self._annotated = self._videos = None
        self._begun = False
        with ExitStack() as stack:
            self._rows, self._timings, self._bad = (RowFile(part / name) for name in ROW_FILES)
            for rows in (self._rows, self._timings, self._bad):
                stack.callback(rows.abandon)
            if config.outputs.annotated:
                self._annotated = AnnotatedBag(
                    part / ANNOTATED, config.outputs.annotated, topics.values(), cameras
                )
                stack.callback(self._annotated.abandon)
            if config.outputs.video:
                self._videos = stack.enter_context(Videos(part))
            self._stack = stack.pop_all()
        self.wanted = frozenset({'overlay'} if config.outputs.video else ())
        """Outputs of each frame that are recorded as they are."""

    def __enter__(self) -> Recording:
        return self

    def __exit__(self, *failure: object) -> None:
        self._stack.__exit__(*failure)

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what is not in the annotated bag."""
        return tuple(self._annotated.notes) if self._annotated else ()

    def add(self, work: Work, frame: Analysed | None) -> None:
        """
        Take the next message.

        :param frame: None for a message that only passes through, or an image that could not be
            decoded
        """
        if self._annotated:
            self._begin()
            self._annotated.copy(work.message)
        if work.camera is None:
            return
        if frame is None:
            self._bad.add(
                {
                    'bag': self._bag,
                    'camera': work.camera.name,
                    'index': work.index,
                    'stamp_ns': work.stamp_ns,
                    'error': work.error,
                }
            )
            return
        self._rows.add(frame.row)
        self._timings.add(frame.timing)
        self._extremes.offer(frame)
        self._film.offer(frame)
        if self._annotated:
            self._annotated.add(frame)
        if self._videos:
            self._videos.write(work.camera.name, work.stamp_ns, frame.images['overlay'])

    def finish(self, label_map: LabelMap, truth_map: LabelMap) -> None:
        """Make all files whole."""
        for rows in (self._rows, self._timings, self._bad):
            rows.close()
        self._extremes.write(self._part / 'pictures', label_map, truth_map)
        self._film.write(self._part / 'pictures', label_map)
        if self._annotated:
            self._begin()
            self._annotated.close()

    def _begin(self) -> None:
        # Here, as it must be written by the thread that begins it.
        if not self._begun:
            self._begun = True
            self._annotated.open()
