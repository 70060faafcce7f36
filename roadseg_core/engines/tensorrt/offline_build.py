"""Build plans ahead of time, in a thread that can be stopped and reports progress."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from roadseg_core.engines import EngineDescription, open_engine, warm_up

_LOOK_EVERY = 1.0
"""Seconds between two looks at the build."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BuiltPlan:
    """
    Describe a finished build.

    :param path: the file of the plan
    :param graphs: for each batch size that was run, whether it runs as a CUDA graph
    """

    outputs: tuple[str, ...]
    path: Path
    description: EngineDescription
    graphs: dict[int, bool]
    seconds: float


def build_offline(
    model: Path, outputs: Sequence[str], *, device: str, precision: str, cache_dir: Path | None
) -> BuiltPlan:
    """
    Build the plan of a model file if it is not there, and run it once with every batch size.

    A terminal shows meanwhile what TensorRT does.

    :raises EngineError: if the plan cannot be built or does not run
    :raises KeyboardInterrupt: after the build was given up, if it comes meanwhile
    """
    stop, doing = threading.Event(), ['opening']

    def progress(phase: str, share: float | None) -> bool:
        doing[0] = phase if share is None else f'{100.0 * share:.0f} %, {phase}'
        return not stop.is_set()

    def build() -> BuiltPlan:
        started = time.monotonic()
        engine = open_engine(
            model,
            backend='tensorrt',
            outputs=outputs,
            device=device,
            precision=precision,
            cache_dir=cache_dir,
            progress=progress,
        )
        doing[0] = 'running the plan with every batch size'
        try:
            warm_up(engine, range(1, engine.info.max_batch + 1))
            return BuiltPlan(
                tuple(outputs),
                engine.plan,
                engine.description,
                engine.graphs,
                time.monotonic() - started,
            )
        finally:
            engine.close()

    # While TensorRT builds in the main thread, Python would take no signal.
    with (
        ThreadPoolExecutor(1, thread_name_prefix='build') as pool,
        tqdm(bar_format='building for {elapsed}: {desc}', leave=False, disable=None) as line,
    ):
        future = pool.submit(build)
        try:
            while not wait([future], timeout=_LOOK_EVERY).done:
                line.set_description_str(doing[0])
            return future.result()
        except KeyboardInterrupt:
            stop.set()
            _log.warning('interrupted: the build ends at its next step')
            raise


@contextmanager
def logged_to(path: Path) -> Iterator[None]:
    """Write everything that this project and TensorRT log meanwhile to the end of a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding='utf-8')
    handler.setFormatter(logging.Formatter('%(asctime)s %(levelname)s %(name)s: %(message)s'))
    logger = logging.getLogger('roadseg_core')
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        handler.close()
