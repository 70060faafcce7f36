"""Training: configuration, augmentation, losses, checkpoints and the training program."""
