"""Run recordings through the frame path of the node, and write its outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from roadseg_core.bags.images import decode
from roadseg_core.bags.records import SourceError
from roadseg_core.engines import Engine, segment_in_batches, warm_up
from roadseg_core.evaluation.drives.stages import mapped
from roadseg_core.evaluation.drives.videos import Videos
from roadseg_core.pipeline.conversion import ConversionError
from roadseg_core.pipeline.frame import Frame
from roadseg_core.segmenting.inputs import Input
from roadseg_core.segmenting.jobs import Job, Jobs, SegmentOptions
from roadseg_core.segmenting.journal import Journal

_JPEG_QUALITY = 92
_WORKERS, _AHEAD = 2, 8


@dataclass
class SegmentCounts:
    """
    Count what became of the frames.

    :param segmented: frames segmented by this run
    :param kept: frames that an earlier run had finished
    :param problems: what could not be read, and why
    """

    segmented: int = 0
    kept: int = 0
    problems: list[str] = field(default_factory=list)


def segment(
    inputs: list[Input],
    engine: Engine,
    options: SegmentOptions,
    journal: Journal,
    *,
    progress: Callable[[int, int], None],
) -> SegmentCounts:
    """
    Segment recordings into the journal's folder; files that it has from before are kept.

    :param engine: opened with what :func:`roadseg_core.pipeline.frame.engine_outputs` says
    :param progress: called with the frames done and those in all (0: unknown) of a recording
    :raises OutputError: if a file of somebody else is in the way
    :raises EngineError: if the engine fails
    :raises OSError: if nothing can be written
    """
    account = SegmentCounts()
    warm = set()
    for entry in inputs:
        folder = entry.name if len(inputs) > 1 else ''
        try:
            with entry.open() as reader:
                jobs = Jobs(reader, options, journal, folder)
                size = min(options.batch or engine.info.max_batch, jobs.total or 1 << 30)
                if size not in warm:
                    warm_up(engine, [size])
                    warm.add(size)
                _run(jobs, engine, size, account, progress)
                account.problems += [f'{entry.path}: {loss}' for loss in reader.losses.described]
        except SourceError as error:
            account.problems.append(str(error))
    return account


def _run(
    jobs: Jobs,
    engine: Engine,
    size: int,
    account: SegmentCounts,
    progress: Callable[[int, int], None],
) -> None:
    journal = jobs.journal
    with journal.staging() as staging:
        decoded = mapped(
            lambda job: _decoded(job, engine), iter(jobs), workers=_WORKERS, ahead=_AHEAD
        )
        made = mapped(
            lambda job: _made(job, engine, jobs.options),
            _inferred(decoded, engine, size),
            workers=_WORKERS,
            ahead=_AHEAD,
        )
        with Videos(staging) as videos, closing(made):
            for done, (job, files, overlay) in enumerate(made, 1):
                for name, data in files.items():
                    journal.write(name, data)
                if overlay is not None:
                    videos.write(job.place.key, job.stamp_ns, overlay)
                account.segmented += job.result is not None
                account.kept += not job.is_wanted
                if job.error:
                    account.problems.append(job.error)
                progress(done, jobs.total)
        for place in jobs.places:
            if place.video and (staging / f'{place.key}.mp4').is_file():
                journal.take(staging / f'{place.key}.mp4', place.video)


def _decoded(job: Job, engine: Engine) -> Job:
    if not job.is_wanted:
        return job
    geometry = engine.info.geometry
    try:
        image = decode(job.message, job.place.camera.type)
    except ConversionError as error:
        return replace(job, error=job.describe(error))
    out = np.empty((*geometry.input_size, 3), np.uint8)
    return replace(job, frame=Frame.placed(image, geometry, out))


def _inferred(jobs: Iterator[Job], engine: Engine, size: int) -> Iterator[Job]:
    with closing(jobs):
        for job, run in segment_in_batches(jobs, engine, size, frame=lambda job: job.frame):
            yield job if run is None else replace(job, result=run.result)


def _made(
    job: Job, engine: Engine, options: SegmentOptions
) -> tuple[Job, dict[str, bytes], np.ndarray | None]:
    """Return the job, its files, and its overlay where a video wants it."""
    if job.frame is None:
        return job, {}, None
    wanted = {*job.files, *(['overlay'] if job.place.video else [])}
    images = job.frame.outputs(
        job.result, 0, wanted, label_map=engine.info.label_map, options=options.frame
    )
    files = {file: _encoded(images[output], file) for output, file in job.files.items()}
    # Without the image: what waits to be written takes little memory.
    return replace(job, frame=None), files, images['overlay'] if job.place.video else None


def _encoded(image: np.ndarray, file: str) -> bytes:
    suffix = file[file.rindex('.') :]
    options = (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY) if suffix == '.jpg' else ()
    done, data = cv2.imencode(suffix, image, options)
    if not done:
        raise OSError(None, f'image of {image.shape} cannot be encoded', file)
    return data.tobytes()
