"""Evaluation of the grids of the road on the ground."""
