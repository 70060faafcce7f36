"""Fixtures shared by several folders of tests."""

from street_fixtures import exact_model, model, street_bag

__all__ = ['exact_model', 'model', 'street_bag']
