"""Write the results of an evaluation of drives: report.json, rows, JUnit XML and text."""
