"""A node to test, as a process of its own."""

from __future__ import annotations

import node_process as helpers
import pytest
from ros_domain import free_domain


@pytest.fixture
def start(tmp_path):
    """Start nodes with parameters, a bench beside each; end them after the test."""
    started = []

    def start(*, fault='', within=(), **parameters):
        domain = free_domain()
        bench = helpers.Bench(domain)
        node = helpers.NodeProcess(
            tmp_path,
            domain,
            {
                'diagnostics_period': '0.2',
                **{k.replace('__', '.'): v for k, v in parameters.items()},
            },
            fault=fault,
            within=within,
        )
        started.append((bench, node))
        return bench, node

    yield start
    for bench, node in started:
        node.stop()
        bench.close()
