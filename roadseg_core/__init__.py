"""Road segmentation without ROS: networks, model files, engines and the frame pipeline."""

__version__ = '0.1.0'
