"""QoS events are looked for now and then, apart from rclpy's executor."""

from __future__ import annotations

from contextlib import ExitStack

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription


class ClosedGroup(ReentrantCallbackGroup):
    """
    Keep messages and events from the executor.

    While it waits for the 72 events of four cameras it wakes for every image that is sent, and puts
    all that it waits for together anew: a second of that stops Python's other threads for 50 ms.
    """

    def can_execute(self, entity: object) -> bool:
        """Tell the executor not to wait for an entity."""
        return False

    def take_events(self, entity: Publisher | Subscription) -> None:
        """Take over the events of a publisher or a subscription."""
        for handler in entity.event_handlers:
            handler.callback_group = self


def handle_events(node: Node, group: ClosedGroup) -> None:
    """Call the callbacks of a group's events on a node that happened since the last call."""
    handlers = [handler for handler in node.waitables if handler.callback_group is group]
    if not handlers:
        return
    with ExitStack() as held:
        for entity in (*handlers, node.context.handle):
            held.enter_context(entity)
        count = len(handlers)
        waiting = rclpy_implementation.WaitSet(0, 0, 0, 0, 0, count, node.context.handle)
        held.enter_context(waiting)
        waiting.clear_entities()
        for handler in handlers:
            handler.add_to_wait_set(waiting)
        waiting.wait(0)
        for handler in handlers:
            event = handler.take_data() if handler.is_ready(waiting) else None
            if event is not None:
                handler.callback(event)
    waiting.destroy_when_not_in_use()
