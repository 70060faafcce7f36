"""Evaluate models on data sets and recorded drives, with the engines that a vehicle runs."""
