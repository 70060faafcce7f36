"""The node while TensorRT builds a plan: real processes, with doubles of TensorRT and CUDA."""

from __future__ import annotations

import signal

import node_process as helpers
import pytest
from ros_domain import free_domain
from sensor_msgs.msg import Image

# The double of TensorRT runs models by it, in the node's process.
pytest.importorskip('onnxruntime')

# The double's build goes on with its second step until a file is there.
DOUBLES = """
import sys, time
from pathlib import Path
from types import ModuleType
sys.path.insert(0, {doubles!r})
from cuda_double import Cuda
from tensorrt_double import TensorRt
cuda = Cuda()
trt = TensorRt('10.13.3.9.post1', cuda)
steps = []
def goes_on():
    time.sleep(0.02)
    steps.append(1)
    return len(steps) > 1 and not Path({go!r}).exists()
trt.at_step = goes_on
bindings, package = ModuleType('cuda.bindings'), ModuleType('cuda')
bindings.runtime, package.bindings = cuda.module(), bindings
sys.modules.update({{'cuda': package, 'cuda.bindings': bindings,
                    'cuda.bindings.runtime': bindings.runtime, 'tensorrt': trt.module()}})
"""


@pytest.fixture
def start(tmp_path):
    started = []
    fault = DOUBLES.format(
        doubles=str(helpers.ROOT / 'test' / 'roadseg_core' / 'engines'), go=str(tmp_path / 'go')
    )

    def start(**parameters):
        domain = free_domain()
        bench = helpers.Bench(domain)
        node = helpers.NodeProcess(
            tmp_path,
            domain,
            {
                'diagnostics_period': '0.2',
                'backend': 'tensorrt',
                'cache_dir': str(tmp_path / 'plans'),
                **parameters,
            },
            fault=fault,
        )
        started.append((bench, node))
        return bench, node

    yield start
    (tmp_path / 'go').touch()
    for bench, node in started:
        node.stop()
        bench.close()


def engine(bench) -> dict[str, str]:
    return bench.diagnostics[-1].get('engine', {}) if bench.diagnostics else {}


def test_topics_are_there_and_diagnostics_tell_while_it_builds(start, tmp_path):
    bench, node = start()
    labels = bench.listen('/segmentation/front/label')
    bench.until(lambda: engine(bench).get('progress', '').startswith('12 %, '), what='progress')
    told = engine(bench)
    assert told['state'] == 'BUILDING'
    assert told['progress'] == '12 %, Tactics'
    bench.until(
        lambda: float(engine(bench)['seconds']) > float(told['seconds']) + 0.3, what='seconds'
    )
    topics = dict(bench.node.get_topic_names_and_types())
    assert {'/segmentation/front/label', '/segmentation/front/road_mask'} <= topics.keys()
    image = bench.node.create_publisher(Image, '/camera/front/image_raw', helpers.BEST_EFFORT)

    def publish_until(condition, what):
        number = iter(range(10_000))

        def held() -> bool:
            image.publish(helpers.frame(next(number)))
            return condition()

        bench.until(held, what=what)

    publish_until(lambda: int(bench.camera('front').get('not_ready', 0)) > 0, 'frames not ready')
    assert 'there is no plan for it' in node.text()
    (tmp_path / 'go').touch()
    bench.wait_ready()
    assert engine(bench)['backend'] == 'tensorrt'
    publish_until(lambda: labels, 'labels')
    assert list((tmp_path / 'plans').glob('*.plan'))


def test_without_leave_to_build_it_fails_and_says_what_to_do(start, tmp_path):
    bench, node = start(allow_build='false')
    bench.until(lambda: node.process.poll() is not None, what='the end of the node')
    assert node.process.returncode != 0
    assert 'building is not allowed (allow_build is false)' in node.text()
    assert 'roadseg build-engine' in node.text()
    assert 'Traceback' not in node.text()
    assert not list(tmp_path.glob('plans/*.plan'))


def test_a_node_that_is_stopped_gives_the_build_up(start, tmp_path):
    bench, node = start()
    bench.until(lambda: engine(bench).get('progress', '').startswith('12 %, '), what='progress')
    node.process.send_signal(signal.SIGINT)
    assert node.process.wait(60) == 0
    assert 'plan built' not in node.text()
    assert not list(tmp_path.glob('plans/*.plan'))
