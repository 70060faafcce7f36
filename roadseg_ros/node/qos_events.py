"""QoS events are looked for now and then, apart from rclpy's executor."""

from __future__ import annotations

from contextlib import ExitStack

from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node


class ClosedGroup(ReentrantCallbackGroup):
    """
    Keep messages and events from the executor.

    An executor that waits for the 72 events of four cameras wakes for every image that is sent, and
    builds its wait set anew each time. That took 50 ms of each second, in which no other thread of
    Python's ran.
    """

    def can_execute(self, entity: object) -> bool:
        """Tell the executor not to wait for an entity."""
        return False


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
            if event is None:
                continue
            try:
                handler.callback(event)
            except Exception as error:
                # It is no more than a warning that is lost.
                node.get_logger().error(f'a QoS event: {error!r}')
    waiting.destroy_when_not_in_use()
