"""Nodes that are broken on purpose, as processes of their own."""

from __future__ import annotations

import pytest
from node_fixtures import start
from ros_domain import own_domain

__all__ = ['engine_that', 'own_domain', 'start']

_ENGINE = """
import time
from pathlib import Path
from roadseg_core.engines import EngineError
from roadseg_core.engines.openvino import OpenVinoEngine
infer, told = OpenVinoEngine._infer, Path({told!r})
def broken(engine, frames):
    if told.exists():
        told.with_name('broken').touch()
        {body}
    return infer(engine, frames)
OpenVinoEngine._infer = broken
"""


@pytest.fixture
def engine_that(tmp_path):
    """
    Return the fault of an engine that runs some Python, and the file that starts it.

    Before the file is there, and after it was taken away, the engine works. A file ``broken``
    beside it is there from when the Python ran.
    """

    def make(body: str) -> tuple[str, object]:
        told = tmp_path / 'break it'
        return _ENGINE.format(told=str(told), body=body), told

    return make
