"""The vehicle side: the segmentation node, its players and its demo."""

from roadseg_core import __version__

__all__ = ['__version__']
