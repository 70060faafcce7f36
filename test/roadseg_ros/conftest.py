"""Fixtures shared by several folders of tests."""

from node_fixtures import start

__all__ = ['start']
