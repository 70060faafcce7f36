"""Where the files that come with the package lie."""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import get_package_share_directory, PackageNotFoundError

DEFAULT_MODEL = 'mobilenet_fcn_0.5.onnx'


def share_directory() -> Path:
    """Return the folder of ``config`` and ``models``: installed, or of the source tree."""
    source = Path(__file__).resolve().parent.parent
    if (source / 'package.xml').is_file():
        return source
    try:
        return Path(get_package_share_directory('roadseg_ros'))
    except PackageNotFoundError:
        return source


def default_model() -> Path:
    """Return the model file that the node runs unless told otherwise."""
    return share_directory() / 'models' / DEFAULT_MODEL


def shipped_profile() -> Path:
    """Return the Fast DDS profile for large images."""
    return share_directory() / 'config' / 'fastdds_images.xml'
