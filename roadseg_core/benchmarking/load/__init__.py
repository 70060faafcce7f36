"""Describe the results of a load test of the node: counts, times, memory growth and a page."""
