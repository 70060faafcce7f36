"""Export of training checkpoints to model files."""
