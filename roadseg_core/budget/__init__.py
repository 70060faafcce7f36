"""Budgets: what a scenario allows, what a network costs, and which candidate fits."""
