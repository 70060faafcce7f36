"""Transitions that fail, and lives of many transitions: nothing leaks, nothing lives on idle."""

from __future__ import annotations

from pathlib import Path

import pytest
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import GetState
from node_process import BEST_EFFORT, call, change, publish_until
from sensor_msgs.msg import Image

CREATION_FAILS = """
from pathlib import Path
from roadseg_ros.node import node as module
create = {{}}
def broken(kind):
    create[kind] = getattr(module.SegmentationNode, kind)
    def fail(node, message, topic, *arguments, **options):
        if topic.endswith({topic!r}) and Path({told!r}).exists():
            raise RuntimeError('no more of these')
        return create[kind](node, message, topic, *arguments, **options)
    setattr(module.SegmentationNode, kind, fail)
broken('create_subscription')
broken('create_publisher')
"""


def state(bench) -> str:
    return call(bench, GetState, '/segmentation/get_state', GetState.Request()).current_state.label


@pytest.mark.parametrize(
    ('topic', 'transition'),
    [
        ('front/camera_info', Transition.TRANSITION_ACTIVATE),
        ('front/confidence', Transition.TRANSITION_CONFIGURE),
    ],
)
def test_a_transition_that_fails_half_way_leaves_nothing(start, tmp_path, topic, transition):
    told = tmp_path / 'fail'
    fault = CREATION_FAILS.format(topic=topic, told=str(told))
    bench, _ = start(fault=fault, autostart='false')
    if transition == Transition.TRANSITION_ACTIVATE:
        assert change(bench, Transition.TRANSITION_CONFIGURE)
    told.touch()
    assert not change(bench, transition)
    assert state(bench) == 'unconfigured'
    names = ('/camera/front/image_raw', '/segmentation/front/label')
    bench.until(
        lambda: (
            bench.node.count_subscribers(names[0]) == bench.node.count_publishers(names[1]) == 0
        ),
        what='topics that are gone',
    )
    told.unlink()
    assert change(bench, Transition.TRANSITION_CONFIGURE)
    assert change(bench, Transition.TRANSITION_ACTIVATE)
    bench.wait_ready()


ENGINE_FAILS = "told.unlink(); raise EngineError('the power went away')"


def test_an_engine_that_cannot_be_reopened_ends_the_node(start, engine_that, tmp_path):
    fault, told = engine_that(ENGINE_FAILS)
    refuse = tmp_path / 'fail'
    fault += CREATION_FAILS.format(topic='front/camera_info', told=str(refuse))
    bench, node = start(fault=fault)
    camera = bench.node.create_publisher(Image, '/camera/front/image_raw', BEST_EFFORT)
    bench.wait_ready()
    refuse.touch()
    told.touch()
    publish_until(bench, [camera], lambda: node.process.poll() is not None, 'the end of the node')
    assert node.process.returncode == 3
    assert 'the engine cannot be reopened' in node.text()


def test_failures_before_a_cleanup_do_not_count_after_it(start, engine_that):
    fault, told = engine_that(ENGINE_FAILS)
    bench, node = start(fault=fault)
    camera = bench.node.create_publisher(Image, '/camera/front/image_raw', BEST_EFFORT)
    labels = bench.listen('/segmentation/front/label')
    for _ in range(2):
        bench.wait_ready()
        publish_until(bench, [camera], lambda: labels, 'labels')
        told.touch()
        publish_until(bench, [camera], lambda: not told.exists(), 'the failure')
        bench.until(lambda: 'reopening the engine' in node.text(), what='the reopening')
        bench.diagnostics.clear()
        bench.wait_ready()
        for transition in (
            Transition.TRANSITION_DEACTIVATE,
            Transition.TRANSITION_CLEANUP,
            Transition.TRANSITION_CONFIGURE,
            Transition.TRANSITION_ACTIVATE,
        ):
            assert change(bench, transition)
        bench.diagnostics.clear()
        labels.clear()
    assert node.text().count('reopening the engine') == 2
    assert node.process.poll() is None


@pytest.mark.slow_fault
def test_fifty_rounds_of_life_leave_threads_and_descriptors_as_they_were(start):
    bench, node = start()
    camera = bench.node.create_publisher(Image, '/camera/front/image_raw', BEST_EFFORT)
    labels = bench.listen('/segmentation/front/label')

    def held() -> tuple[int, int]:
        process = f'/proc/{node.process.pid}'
        return len(list(Path(process, 'task').iterdir())), len(list(Path(process, 'fd').iterdir()))

    after_five = None
    for number in range(50):
        bench.diagnostics.clear()
        if number % 5 == 0:
            bench.wait_ready()
            labels.clear()
            publish_until(bench, [camera], lambda: labels, 'labels')
            after_five = after_five or (held() if number == 5 else None)
        for transition in (
            Transition.TRANSITION_DEACTIVATE,
            Transition.TRANSITION_CLEANUP,
            Transition.TRANSITION_CONFIGURE,
            Transition.TRANSITION_ACTIVATE,
        ):
            assert change(bench, transition), number
    bench.diagnostics.clear()
    bench.wait_ready()
    labels.clear()
    publish_until(bench, [camera], lambda: labels, 'labels')
    now = held()
    assert now[0] <= after_five[0] + 1
    assert now[1] <= after_five[1] + 2
