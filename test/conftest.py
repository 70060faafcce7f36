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
    # As a plugin of its own it also sees a folder whose conftest cannot be imported.
    config.pluginmanager.register(SkipTraining())
    if sys.prefix != sys.base_prefix or not ENVIRONMENT.exists():
        return
    capture = config.pluginmanager.getplugin('capturemanager')
    if capture is not None:
        # Gives standard output and error back, which the next pytest inherits.
        capture.stop_global_capturing()
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(ENVIRONMENT, [str(ENVIRONMENT), '-m', 'pytest', *config.invocation_params.args])


class SkipTraining:
    """Skip what imports a package for training that is not installed."""

    @pytest.hookimpl(hookwrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator:
        """Skip a module or a folder."""
        outcome = yield
        report = outcome.get_result()
        if report.outcome == 'failed':
            _skip(report, report.call.excinfo, str(collector.path), 1)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo) -> Generator:
        """Skip a test that imports it itself, or whose fixture does."""
        outcome = yield
        report = outcome.get_result()
        if report.outcome == 'failed' and call.excinfo is not None:
            _skip(report, call.excinfo, str(item.path), item.location[1] or 0)


def _skip(
    report: pytest.CollectReport | pytest.TestReport,
    raised: pytest.ExceptionInfo,
    path: str,
    line: int,
) -> None:
    """Turn a failure into a skip, where a missing package for training is at its root."""
    from roadseg_core.missing import TRAINING

    error = raised.value
    while error is not None:
        name = (getattr(error, 'name', None) or '').partition('.')[0]
        if isinstance(error, ModuleNotFoundError) and name in TRAINING:
            report.outcome = 'skipped'
            reason = f"needs {name}, which make setup SETS='runtime train dev' installs"
            report.longrepr = (path, line, reason)
            return
        # A conftest's error names its own as `cause`.
        error = getattr(error, 'cause', None) or error.__cause__
