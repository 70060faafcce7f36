"""An engine that opens beside another."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from roadseg_core.engines import EngineError
from roadseg_ros.node.engine_opening import Widening

OUTPUTS = ('labels', 'confidence')


class Opener:
    """Open nothing, when it is let; an engine that knows whether it was closed."""

    def __init__(self, error: str = '') -> None:
        self.go = threading.Event()
        self.closed = threading.Event()
        self.error = error

    def __call__(self, outputs):
        assert self.go.wait(30)
        if self.error:
            raise EngineError(self.error)
        return SimpleNamespace(engine=SimpleNamespace(outputs=outputs, close=self.closed.set))


def taken(widening: Widening):
    """Wait as a worker does: ask again and again."""
    pause = threading.Event()
    while (warm := widening.take()) is None:
        pause.wait(0.01)
    return warm


def test_the_one_there_works_until_the_other_is_open():
    opener = Opener()
    widening = Widening(opener)
    assert widening.start(OUTPUTS)
    assert not widening.start(OUTPUTS), 'one opens already'
    assert widening.take() is None
    opener.go.set()
    assert taken(widening).engine.outputs == OUTPUTS
    widening.close()
    assert not opener.closed.is_set(), 'who took it closes it'


def test_what_cannot_be_opened_is_said_once():
    opener = Opener('the model has no output confidence')
    opener.go.set()
    widening = Widening(opener)
    widening.start(OUTPUTS)
    with pytest.raises(EngineError, match='no output confidence'):
        taken(widening)
    assert not widening.start(OUTPUTS)
    assert widening.take() is None
    widening.close()


def test_closing_closes_what_nobody_took():
    opener = Opener()
    widening = Widening(opener)
    widening.start(OUTPUTS)
    widening.close()
    assert not opener.closed.is_set(), 'it opens still, and nobody waits for it'
    opener.go.set()
    assert opener.closed.wait(30)
