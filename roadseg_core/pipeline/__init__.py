"""From a camera's message to what is published: pure functions and state, without ROS."""
