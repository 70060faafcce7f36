"""What processes that pass large images on need of Fast DDS and of shared memory."""
