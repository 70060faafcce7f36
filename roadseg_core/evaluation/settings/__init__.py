"""Settings of an evaluation: command line, file and conditions."""
