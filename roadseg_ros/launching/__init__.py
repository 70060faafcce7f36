"""Logic of the launch file; it imports nothing beyond a ROS distribution."""
