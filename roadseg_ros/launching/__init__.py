"""What the launch file decides; it imports nothing beyond a ROS distribution."""
