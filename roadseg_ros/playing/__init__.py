"""Put a bag, a video or a folder of images on camera topics."""
