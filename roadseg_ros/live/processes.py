"""Run the node and the player as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from roadseg_core.evaluation.live.results import LiveError
from roadseg_ros.dds.profile import prepare_process

_ROOT = Path(__file__).resolve().parents[2]


def prepare_run(folder: Path, *, own_domain: bool = True) -> None:
    """
    Set the environment of every process of a live run, this one included; before any ROS context.

    :param folder: where ROS shall put its logs, unless the user has chosen
    :param own_domain: whether other nodes shall not see the run, unless the user has chosen
    """
    os.environ.setdefault('ROS_LOG_DIR', str(folder / 'log'))
    if own_domain:
        os.environ.setdefault('ROS_DOMAIN_ID', str(1 + os.getpid() % 100))
        os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    prepare_process()


class Process:
    """
    Run a Python module of this package.

    :param title: what people call it
    :param log: file of what it prints
    """

    def __init__(self, title: str, module: str, arguments: list[str], log: Path) -> None:
        self._title = title
        self._log = log
        paths = [str(_ROOT), os.environ.get('PYTHONPATH', '')]
        with log.open('w', encoding='utf-8') as file:
            # A group of its own: Ctrl-C in the terminal is this process's to pass on.
            self._process = subprocess.Popen(
                [sys.executable, '-m', module, *arguments],
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, 'PYTHONPATH': os.pathsep.join(filter(None, paths))},
            )

    @property
    def running(self) -> bool:
        """Say whether it runs."""
        return self.exit_code() is None

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """Return its exit code, None while it runs."""
        return self._process.poll()

    def close(self, *, patience: float = 10.0) -> int:
        """Stop it by SIGINT, by SIGKILL after ``patience`` seconds; return its exit code."""
        if self.running:
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(timeout=patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def failure(self, what: str) -> LiveError:
        """Return an error with the last lines of its log."""
        lines = self._log.read_text(encoding='utf-8', errors='replace').splitlines()[-15:]
        text = '\n  '.join(lines) or '(it printed nothing)'
        return LiveError(f'the {self._title} {what}; its last lines, of {self._log}:\n  {text}')
