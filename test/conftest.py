"""
These hooks let a bare `colcon test` of a ROS distribution run what can run there.

A distribution's colcon runs pytest by the system's Python, which lacks what `make setup` installs:
the tests then go on with the package's environment. That is made without what training needs,
unless asked for: what imports it is skipped.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = ROOT / '.venv' / 'bin' / 'python'


def pytest_configure(config: pytest.Config) -> None:
    """Run by a Python outside any environment, start again with the package's own."""
    if sys.prefix != sys.base_prefix or not ENVIRONMENT.exists():
        return
    capture = config.pluginmanager.getplugin('capturemanager')
    if capture is not None:
        # Gives standard output and error back, which the next pytest inherits.
        capture.stop_global_capturing()
    sys.stdout.flush()
    sys.stderr.flush()
    arguments = [str(ENVIRONMENT), '-m', 'pytest', *config.invocation_params.args]
    os.execv(ENVIRONMENT, arguments)


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator:
    """Skip a module or a folder that imports what is only needed for training."""
    outcome = yield
    report = outcome.get_result()
    if report.outcome == 'failed':
        reason = _reason(report.call.excinfo.value)
        if reason:
            report.outcome = 'skipped'
            report.longrepr = (str(collector.path), 1, reason)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Generator:
    """Skip a test that imports it itself, or whose fixture does."""
    outcome = yield
    report = outcome.get_result()
    if report.outcome == 'failed' and call.excinfo is not None:
        reason = _reason(call.excinfo.value)
        if reason:
            report.outcome = 'skipped'
            report.longrepr = (str(item.path), item.location[1] or 0, reason)


def _reason(error: BaseException | None) -> str | None:
    """Return why a test is skipped: a missing package for training, at the root of an error."""
    from roadseg_core.missing import TRAINING

    while error is not None:
        if isinstance(error, ModuleNotFoundError):
            name = (error.name or '').partition('.')[0]
            if name in TRAINING:
                return f"needs {name}, which make setup SETS='runtime train dev' installs"
        error = getattr(error, 'cause', None) or error.__cause__
    return None
