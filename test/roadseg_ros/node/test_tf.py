"""What is read of tf's messages, and what is left out of it."""

from __future__ import annotations

import time

import pytest
from geometry_msgs.msg import TransformStamped

from roadseg_core.ground.transforms import FrameTree, TransformError
from roadseg_ros.node.tf import put_transforms


def transform(parent: str, child: str, *, x: float = 0.0, w: float = 1.0) -> TransformStamped:
    message = TransformStamped(child_frame_id=child)
    message.header.frame_id = parent
    message.header.stamp.sec, message.header.stamp.nanosec = 7, 500_000_000
    message.transform.translation.x = x
    message.transform.rotation.w = w
    return message


def test_transforms_reach_the_tree_but_those_that_are_none():
    tree = FrameTree()
    links = [transform('car', 'mast', x=1.0), transform('mast', 'eye', x=0.5)]
    broken = transform('car', 'other', w=0.0)
    (problem,) = put_transforms(tree, [*links, broken], static=True)
    assert problem.startswith('car -> other: ') and 'quaternion' in problem
    now = time.monotonic()
    assert tree.lookup('car', 'eye', now)[0, 3] == pytest.approx(1.5)
    with pytest.raises(TransformError):
        tree.lookup('car', 'other', now)


def test_what_is_not_static_stops():
    tree = FrameTree()
    assert not put_transforms(tree, [transform('car', 'eye')], static=False)
    with pytest.raises(TransformError, match='stopped'):
        tree.lookup('car', 'eye', time.monotonic() + 5.0)
