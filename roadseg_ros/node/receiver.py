"""A thread that receives the cameras' messages, apart from rclpy's executor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from rclpy.context import Context
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.impl.rcutils_logger import RcutilsLogger
from rclpy.subscription import Subscription

from roadseg_core.machine import name_thread

_LONGEST_WAIT = 100_000_000
"""Nanoseconds until the thread looks whether it is to stop."""


class Receiver(threading.Thread):
    """
    Take messages as they come, from :meth:`start` to :meth:`stop`.

    rclpy's executor puts what it waits for together anew for each message, services, timers and
    all: with four cameras that takes it longer than a 1280x720 image takes to be copied.

    :param takes: of each subscription, takes one message and passes it on; must return at once.
        The subscriptions must be closed to the executor
    :param on_failure: called in this thread with what went wrong, when it ends by a failure
    """

    def __init__(
        self,
        takes: Mapping[Subscription, Callable[[], None]],
        *,
        context: Context,
        logger: RcutilsLogger,
        on_failure: Callable[[str], None],
    ) -> None:
        super().__init__(name='receiver', daemon=True)
        self._takes = dict(takes)
        self._context = context
        self._logger = logger
        self._on_failure = on_failure
        self._stopping = threading.Event()

    def run(self) -> None:
        """Work until :meth:`stop`."""
        name_thread('receiver')
        try:
            with ExitStack() as held:
                for handle in (self._context.handle, *(s.handle for s in self._takes)):
                    held.enter_context(handle)
                count = len(self._takes)
                waiting = rclpy_implementation.WaitSet(count, 0, 0, 0, 0, 0, self._context.handle)
                held.enter_context(waiting)
                while not self._stopping.is_set():
                    self._receive(waiting)
            waiting.destroy_when_not_in_use()
        except rclpy_implementation.InvalidHandle:
            return  # The node was destroyed.
        except Exception as error:
            # A node that no longer listens must not look alive.
            if not self._stopping.is_set() and self._context.ok():
                self._on_failure(f'the receiver failed: {error!r}')

    def stop(self, wait: float) -> bool:
        """Stop within ``wait`` seconds; tell whether it did, so that subscriptions may go."""
        self._stopping.set()
        self.join(wait)
        return not self.is_alive()

    def _receive(self, waiting: rclpy_implementation.WaitSet) -> None:
        waiting.clear_entities()
        for subscription in self._takes:
            waiting.add_subscription(subscription.handle)
        waiting.wait(_LONGEST_WAIT)
        ready = waiting.get_ready_entities('subscription')
        for subscription, take in self._takes.items():
            if subscription.handle.pointer not in ready:
                continue
            try:
                take()
            except rclpy_implementation.InvalidHandle:
                raise
            except Exception as error:
                # It costs its camera this message, and never the others.
                topic = subscription.topic_name
                self._logger.error(f'{topic}: {error}', throttle_duration_sec=1.0)
