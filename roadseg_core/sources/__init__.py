"""Sources of camera frames: bags, videos and folders of pictures."""
