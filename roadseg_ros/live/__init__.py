"""Live runs: player, node and recorder as processes of their own, and their accounting."""
