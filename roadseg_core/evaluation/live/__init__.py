"""Evaluate what a node publishes when drives are played to it: frames, latency and accuracy."""
