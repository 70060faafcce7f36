"""What came back from a node that drives were played to: frames, times and accuracy."""
