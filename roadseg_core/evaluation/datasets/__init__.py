"""Evaluation of a model on labelled data sets."""
