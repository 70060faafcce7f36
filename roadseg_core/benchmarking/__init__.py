"""Benchmarks measure engines against each other, in turn within one run."""
