"""What came of a load test of the node: counts, times, growth and a page."""
