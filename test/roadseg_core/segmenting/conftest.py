"""Fixtures shared by several folders of tests."""

from street_fixtures import exact_model, street_bag

__all__ = ['exact_model', 'street_bag']
