"""The node under load: cameras, node and planner as processes of their own."""
