"""The demo's options, figures and page."""
