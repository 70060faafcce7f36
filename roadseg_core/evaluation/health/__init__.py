"""Evaluate camera health: false alarms on clean clips, and simulated faults that must be found."""
