"""Start and stop the node and the player as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from roadseg_core.files import shipped_profile
from roadseg_ros.launching.dds_profile import added_environment, profile_in_use, segment_bytes
from roadseg_ros.launching.shared_memory import read_shared_memory, shared_memory_problem

_ROOT = Path(__file__).resolve().parents[2]


class DemoError(Exception):
    """The demo cannot go on; the message says why."""


def process_environment(folder: Path) -> dict[str, str]:
    """
    Return what to add to the environment of every process of the demo, this one included.

    A domain of its own, unless the user has chosen one: other nodes shall not see the demo.
    """
    added = {'ROS_LOG_DIR': str(folder / 'log')} if 'ROS_LOG_DIR' not in os.environ else {}
    if 'ROS_DOMAIN_ID' not in os.environ:
        added['ROS_DOMAIN_ID'] = str(1 + os.getpid() % 100)
    if 'ROS_AUTOMATIC_DISCOVERY_RANGE' not in os.environ:
        added['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
    return added | added_environment(os.environ, shipped_profile())


def images_problem() -> str | None:
    """Return why images may not get through shared memory, and what to do; None if they will."""
    used = profile_in_use(os.environ, shipped_profile())
    if used is None:
        return None
    try:
        # The player and the recorder have a segment each, too.
        return shared_memory_problem(segment_bytes(used), read_shared_memory(), senders=2)
    except ValueError as error:
        return str(error)


def start_node(
    cameras: Mapping[str, tuple[str, str]],
    *,
    fps: float,
    backend: str,
    model: Path | None,
    log: Path,
    parameters: Mapping[str, str] | None = None,
) -> Process:
    """
    Start the segmentation node.

    :param cameras: image topic and transport by camera
    :param model: None for the one shipped
    :param parameters: others of the node's parameters
    """
    values = {
        'camera_names': f'[{",".join(cameras)}]',
        'fps': f'{fps:.6f}',
        'backend': backend,
        **(parameters or {}),
    }
    for camera, (topic, transport) in cameras.items():
        values[f'{camera}.image_topic'] = topic
        values[f'{camera}.transport'] = transport
    if model is not None:
        values['model'] = str(model.resolve())
    arguments = ['--ros-args']
    for name, value in values.items():
        arguments += ['-p', f'{name}:={value}']
    return Process('node', 'roadseg_ros.segmentation_node', arguments, log)


class Process:
    """A Python module of this package, running."""

    def __init__(self, name: str, module: str, arguments: list[str], log: Path) -> None:
        self.name = name
        self.log = log
        with log.open('w', encoding='utf-8') as file:
            # A group of its own: Ctrl-C in the terminal is the demo's to pass on.
            self._process = subprocess.Popen(
                [sys.executable, '-m', module, *arguments],
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, 'PYTHONPATH': _python_path()},
            )

    @property
    def running(self) -> bool:
        """Say whether it runs."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    def stop(self, *, patience: float = 10.0) -> int:
        """Stop it by SIGINT, by SIGKILL after ``patience`` seconds; return its exit code."""
        if self.running:
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def exit_code(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._process.poll()

    def failure(self, what: str) -> DemoError:
        """Return an error with the last lines of its log."""
        lines = self.log.read_text(encoding='utf-8', errors='replace').splitlines()[-15:]
        text = '\n  '.join(lines) or '(it printed nothing)'
        return DemoError(f'the {self.name} {what}; its last lines, of {self.log}:\n  {text}')


def _python_path() -> str:
    paths = [str(_ROOT), *os.environ.get('PYTHONPATH', '').split(os.pathsep)]
    return os.pathsep.join(path for path in paths if path)
