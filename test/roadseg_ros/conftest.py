"""Fixtures shared by several folders of tests."""

from node_fixtures import start
from ros_domain import own_domain

__all__ = ['own_domain', 'start']
