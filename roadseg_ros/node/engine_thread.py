"""The thread that opens an engine, runs the batches through it and closes it."""

from __future__ import annotations

import threading
import time
import traceback
from typing import TYPE_CHECKING

from roadseg_core.engines import EngineError, OpeningStopped
from roadseg_core.machine import name_thread
from roadseg_core.model_file import ModelFile, ModelFileError
from roadseg_core.pipeline.frame import engine_outputs
from roadseg_core.pipeline.scheduler import Outcome, Ticket
from roadseg_ros.node.engine_opening import WarmEngine, Widening, open_warm

if TYPE_CHECKING:
    from roadseg_ros.node.worker import Worker


class EngineThread(threading.Thread):
    """
    Work for a worker from one activation of the node to its end.

    It is a daemon: a native call that never returns must not keep the process alive.

    :param after: threads that must have ended before this one opens an engine
    :ivar stopping: whether it is to end after the batch in hand
    :ivar opened: whether its engine is open
    :ivar doing: what it is doing, for which camera, and since when in steady seconds; empty
        while it waits for frames
    :ivar in_hand: frames that it took and that are not settled
    """

    def __init__(self, worker: Worker, *, after: list[EngineThread]) -> None:
        super().__init__(name='segmentation worker', daemon=True)
        self._worker = worker
        self._after = after
        self._warm: WarmEngine | None = None
        self._widening = Widening(self._open)
        self.stopping = False
        self.opened = False
        self.doing = ('', '', 0.0)
        self.in_hand: list[Ticket] = []

    def run(self) -> None:
        """Work until the worker is to stop, or until something fails."""
        error = ''
        # The engine's own threads inherit the name.
        name_thread('inference')
        try:
            for thread in self._after:
                thread.join()
            self._work()
        except OpeningStopped:
            pass
        except (EngineError, ModelFileError) as failure:
            error = str(failure)
        except Exception:
            # Whatever went wrong: a node without its engine must not look alive.
            error = traceback.format_exc()
        self.at('')
        if error:
            self._worker.failed(self, error)
        # An opening that goes on beside gives up, too.
        self.stopping = True
        self._widening.close()
        if self._warm is not None:
            self._warm.engine.close()

    @property
    def opens(self) -> bool:
        """Whether an engine opens, in this thread or beside it."""
        return not self.opened or self._widening.busy

    def at(self, what: str, camera: str = '') -> None:
        """Note what begins now, so that a hang is found, and add the time of what ended."""
        now = time.monotonic()
        last, _, since = self.doing
        if last in self._worker.stages:
            self._worker.stages[last] += now - since
        self.doing = (what, camera, now)

    def _work(self) -> None:
        worker = self._worker
        self.at('opening the engine')
        self._warm = self._open(self._needed_outputs(self._asked_for()))
        self.at('')
        name_thread('worker')
        self.opened = True
        worker.ready(self, self._warm)
        while worker.next_batch(self):
            try:
                wanted = {t.camera: worker.wanted(t.camera) for t in self.in_hand}
                self._widen(self._needed_outputs(frozenset().union(*wanted.values())))
                worker.run_batch(self, self._warm, wanted)
            finally:
                self.at('')
                # Only a failure leaves any.
                for ticket in self.in_hand:
                    worker.settle(self, ticket, Outcome.FAILED)

    def _needed_outputs(self, wanted: frozenset[str]) -> tuple[str, ...]:
        """Return what the engine must compute; what it once had to, it goes on to compute."""
        held = self._warm.engine.outputs if self._warm is not None else ()
        needed = wanted | {'confidence'} if 'confidence' in held else wanted
        needed = needed | {'ground'} if 'road_probability' in held else needed
        if self._warm is not None and 'road_probability' not in self._warm.engine.info.outputs:
            # Grids can do without: then all road is equally sure.
            needed = needed - {'ground'}
        return engine_outputs(needed, road_threshold=self._worker.settings.road_threshold)

    def _asked_for(self) -> frozenset[str]:
        """
        Return what is asked for before the engine opens, where it surely computes it.

        Whoever sets poses will ask for grids: opening once more at work would cost frames.
        """
        worker = self._worker
        computed = worker.model.info.outputs if isinstance(worker.model, ModelFile) else ()
        if not {'confidence', 'road_probability'} <= set(computed):
            return frozenset()
        asked = frozenset().union(*map(worker.wanted, worker.publishers))
        return asked | {'ground'} if worker.ground.has_poses else asked

    def _open(self, outputs: tuple[str, ...]) -> WarmEngine:
        return open_warm(
            self._worker.model,
            self._worker.settings,
            outputs=outputs,
            cameras=len(self._worker.publishers),
            progress=lambda phase, share: self._worker.progressed(self, phase, share),
        )

    def _widen(self, outputs: tuple[str, ...]) -> None:
        """Have the engine compute these outputs, too, as soon as that can be."""
        more = set(outputs) - set(self._warm.engine.outputs)
        if not more:
            return
        what, logger = ' and '.join(sorted(more)), self._worker.logger
        if self._widening.start(outputs):
            logger.info(f'opening the engine with {what} beside the one at work')
        try:
            wider = self._widening.take()
        except Exception as error:
            # Whatever it is, it costs the new outputs and not those of the engine at work.
            logger.error(f'no {what}: {error if str(error) else repr(error)}')
            return
        if wider is None:
            return
        if wider.engine.info.sha256 != self._warm.engine.info.sha256:
            logger.error(f'no {what}: {wider.engine.info.path} changed since the node opened it')
            self._widening.refuse(outputs)
            wider.engine.close()
            return
        self._warm, before = wider, self._warm
        before.engine.close()
        logger.info(f'the engine computes {what}')
