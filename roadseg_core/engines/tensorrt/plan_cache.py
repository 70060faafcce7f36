"""The plan cache keeps built plans by model, GPU and TensorRT version."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from filelock import FileLock, Timeout

from roadseg_core.engines.base import EngineError, OpeningStopped, Progress, check_cache
from roadseg_core.files import write_atomically

Loaded = TypeVar('Loaded')

_POLL = 0.2
"""Seconds between two looks whether another process has finished its build."""

_log = logging.getLogger(__name__)


class PlanError(EngineError):
    """A plan that is not there or cannot be used; the message says why."""


@dataclass(frozen=True)
class PlanKey:
    """
    Hold what a plan depends on: model file, TensorRT's version, GPU, outputs and options.

    :param model: name of the model file, without its folder and suffix
    :param options: the builder's options, as plain JSON types
    """

    model: str
    sha256: str
    version: str
    gpu: str
    compute_capability: str
    outputs: tuple[str, ...]
    options: dict[str, object]

    def to_dict(self) -> dict[str, object]:
        """Return plain JSON types."""
        return {**asdict(self), 'outputs': sorted(self.outputs)}

    def fingerprint(self) -> str:
        """Return 16 hexadecimal digits that are others for any other key."""
        # The name says nothing that the content does not.
        values = {name: value for name, value in self.to_dict().items() if name != 'model'}
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


class PlanCache:
    """
    Keep the plan of one key in a folder: the plan, and a JSON file that says what it is.

    :param folder: made when the first plan is written
    """

    def __init__(self, folder: Path, key: PlanKey) -> None:
        self._folder = folder
        self._key = key
        stem = f'{key.model}-{key.fingerprint()}'
        self.path = folder / f'{stem}.plan'
        self._sidecar = folder / f'{stem}.json'
        self._lock = FileLock(folder / f'{stem}.lock', thread_local=False)

    def read(self) -> bytes:
        """
        Return the plan.

        :raises PlanError: if there is none, or a damaged one
        :raises EngineError: if others than this user can have written it
        """
        for path in (self._folder, self._sidecar, self.path):
            check_cache(path)
        try:
            sidecar = json.loads(self._sidecar.read_text(encoding='utf-8'))
            plan = self.path.read_bytes()
            expected = sidecar['plan_sha256']
        except FileNotFoundError:
            raise PlanError(f'there is no plan for it in {self._folder}{self._others()}') from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PlanError(f'{self.path} cannot be read: {error!r}') from error
        if hashlib.sha256(plan).hexdigest() != expected:
            raise PlanError(
                f'{self.path} is damaged: its {len(plan)} bytes are not those that were written'
            )
        return plan

    def write(self, plan: bytes, *, seconds: float) -> None:
        """Keep a plan, which took ``seconds`` to build."""
        with write_atomically(self.path) as temporary:
            temporary.write_bytes(plan)
        text = json.dumps(
            {
                **self._key.to_dict(),
                'plan_sha256': hashlib.sha256(plan).hexdigest(),
                'plan_bytes': len(plan),
                'build_seconds': round(seconds, 1),
            },
            indent=2,
        )
        # Last: a reader takes no plan without it.
        with write_atomically(self._sidecar) as temporary:
            temporary.write_text(f'{text}\n', encoding='utf-8')

    @contextmanager
    def locked(self, progress: Progress | None) -> Iterator[None]:
        """Keep other processes and threads from building this plan meanwhile."""
        while True:
            try:
                with self._lock.acquire(timeout=_POLL):
                    yield
                    return
            except Timeout:
                if progress is not None and not progress('another process builds the plan', None):
                    raise OpeningStopped('the wait for another build was ended') from None

    def _others(self) -> str:
        """Say in what the plans of this model that are there differ from the asked one."""
        mine, told = self._key.to_dict(), set()
        for path in sorted(self._folder.glob(f'{self._key.model}-*.json')):
            try:
                other = json.loads(path.read_text(encoding='utf-8'))
                told.add(
                    ' and '.join(
                        f'{name} {_short(other[name])} instead of {_short(mine[name])}'
                        for name in mine
                        if other[name] != mine[name]
                    )
                )
            except (OSError, ValueError, KeyError, TypeError) as error:
                _log.debug('%s: %s', path, error)
        told.discard('')
        return f', but one for {"; one for ".join(sorted(told))}' if told else ''


def open_plan(
    cache: PlanCache,
    *,
    load: Callable[[bytes], Loaded],
    build: Callable[[], bytes],
    allow_build: bool,
    progress: Progress | None,
) -> Loaded:
    """
    Load the plan from the cache; build it first where it cannot be had.

    :param load: makes something of a plan; raises :class:`PlanError` if it cannot
    :param build: builds a plan
    :raises EngineError: if there is no plan and none may be built, or the build fails
    """
    try:
        loaded = load(cache.read())
    except PlanError as error:
        reason = str(error)
    else:
        _log.info('plan found: %s', cache.path)
        return loaded
    if not allow_build:
        raise PlanError(
            f'{reason}; building is not allowed (allow_build is false): build the plan with '
            'roadseg build-engine on this machine'
        )
    try:
        with cache.locked(progress):
            # Another process may have built it while this one waited.
            try:
                return load(cache.read())
            except PlanError as error:
                _log.info('building a plan, which takes minutes: %s', error)
            started = time.monotonic()
            plan = build()
            seconds = time.monotonic() - started
            try:
                cache.write(plan, seconds=seconds)
            except OSError as error:
                # What took minutes runs from memory.
                _log.warning(
                    'the plan is used, but cannot be kept as %s: %s; the next start builds it '
                    'again: make room there, or set cache_dir to another folder',
                    cache.path,
                    error,
                )
    except OSError as error:
        raise EngineError(
            f'cannot keep a plan as {cache.path}: {error}; set cache_dir to a '
            'folder that can be written'
        ) from error
    _log.info('plan built in %.0f s: %s', seconds, cache.path)
    return load(plan)


def _short(value: object) -> str:
    text = ', '.join(value) if isinstance(value, list) else str(value)
    return text if len(text) <= 40 else f'{text[:12]}...'
