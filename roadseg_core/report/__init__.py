"""Reports are single HTML files that load nothing, with charts and pictures inside."""
