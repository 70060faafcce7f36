"""Evaluation of a model on recorded drives."""
