"""Read rosbag2 bags of any age and state: what is damaged costs what is damaged, no more."""
