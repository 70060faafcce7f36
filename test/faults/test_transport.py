"""What DDS needs of the machine, and what a planner may ask of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

import node_process as helpers
import pytest
from diagnostic_msgs.msg import DiagnosticStatus
from node_process import BEST_EFFORT, publish_until
from rclpy.duration import Duration
from rclpy.qos import QoSProfile
from ros_domain import free_domain
from sensor_msgs.msg import Image

SMALL_SHM = (
    'unshare',
    '--mount',
    'sh',
    '-c',
    'mount -t tmpfs -o size=16m small /dev/shm && exec "$@"',
    'sh',
)

# For the surroundings of the node: through the /dev/shm of others nothing comes from it.
LISTENER = """
import node_process as helpers
bench = helpers.Bench({domain})
bench.wait_ready()
status = bench.diagnostics[-1]['transport']
print(status['level'], status['message'])
"""


def transport(bench) -> dict[str, str]:
    bench.until(lambda: bool(bench.diagnostics), what='diagnostics')
    return bench.diagnostics[-1]['transport']


def test_shared_memory_that_is_too_small_is_an_error_while_it_lasts(tmp_path):
    if subprocess.run([*SMALL_SHM, 'true'], capture_output=True).returncode:
        pytest.skip('mounting another /dev/shm is not allowed here')
    domain = free_domain()
    node = helpers.NodeProcess(tmp_path, domain, {}, within=SMALL_SHM)
    # Until it is there, the listener would enter our own namespace.
    own = f'/proc/{node.process.pid}/root/dev/shm'
    while shutil.disk_usage(own).total != 16 << 20:
        assert node.process.poll() is None
        time.sleep(0.01)
    namespace = f'--mount=/proc/{node.process.pid}/ns/mnt'
    listener = subprocess.run(
        ['nsenter', namespace, sys.executable, '-c', LISTENER.format(domain=domain)],
        capture_output=True,
        text=True,
        env=helpers.environment(domain),
        timeout=120,
    )
    assert node.stop() == 0
    assert listener.stdout.startswith(str(DiagnosticStatus.ERROR)), listener.stderr
    assert '128 MiB of /dev/shm' in listener.stdout


def test_shared_memory_that_is_there_is_well(start):
    bench, _ = start()
    assert transport(bench)['level'] == DiagnosticStatus.OK


def test_a_planner_with_a_deadline_is_served_where_the_output_has_one(start):
    topic = '/segmentation/front/road_mask'
    bench, node = start(**{f'qos_overrides.{topic}.publisher.deadline': '100000000'})
    camera = bench.node.create_publisher(Image, '/camera/front/image_raw', BEST_EFFORT)
    masks = bench.listen(topic, qos=QoSProfile(depth=10, deadline=Duration(seconds=0.2)))
    labels = bench.listen(
        '/segmentation/front/label', qos=QoSProfile(depth=10, deadline=Duration(seconds=0.2))
    )
    bench.wait_ready()
    publish_until(bench, [camera], lambda: masks, 'masks')
    assert labels == []
    bench.until(
        lambda: 'QoS mismatch on /segmentation/front/label' in node.text(), what='the mismatch'
    )
    assert 'DEADLINE' in node.text()
