"""Fixtures shared by several folders of tests."""

from source_fixtures import image_folder, make_bag

__all__ = ['image_folder', 'make_bag']
