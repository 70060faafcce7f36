"""The demo: a drive or a source, through the player and the node, into a report."""
