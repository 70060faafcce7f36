"""The pipeline leads from camera messages to published images, without ROS."""
