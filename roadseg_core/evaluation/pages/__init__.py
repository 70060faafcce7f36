"""The page that shows an evaluation of recorded drives."""
