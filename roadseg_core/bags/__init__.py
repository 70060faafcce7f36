"""Read rosbag2 bags of any age; of a damaged bag, everything that is still readable."""
