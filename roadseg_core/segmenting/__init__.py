"""Segment recordings into label images, masks and videos, without ROS and without truth."""
