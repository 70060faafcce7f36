"""Evaluation of many bags by worker processes, with resume."""
