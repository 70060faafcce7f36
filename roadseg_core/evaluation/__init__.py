"""Evaluation: a model, through the engine that a vehicle runs, against a data set's truth."""
