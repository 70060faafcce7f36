"""What an evaluation of recorded drives leaves: report.json, rows, JUnit XML, and lines of text."""
