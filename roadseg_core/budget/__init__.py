"""Budgets tell what a scenario allows, what a network costs, and which network fits."""
