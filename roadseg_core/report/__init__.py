"""Reports: one HTML file that needs nothing beside it, with charts and pictures inside."""
