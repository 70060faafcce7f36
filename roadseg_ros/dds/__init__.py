"""Set up Fast DDS and shared memory for processes that exchange large images."""
