"""Evaluation of recorded bags: the code path of the node, without DDS and without a clock."""
