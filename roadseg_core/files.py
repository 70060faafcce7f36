"""Where the project's shipped files lie: configuration, models and the Fast DDS profile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

DEFAULT_MODEL = 'mobilenet_fcn_0.5.onnx'


def share_directory() -> Path:
    """Return the folder of ``config`` and ``models``: the source tree, or an installed share."""
    return next(_share_directories(), Path(__file__).resolve().parents[1])


def config_folder(name: str) -> Path | None:
    """
    Find a folder of ``config``.

    :param name: such as ``label_maps``
    :returns: the folder, None if there is none
    """
    for share in _share_directories():
        if (share / 'config' / name).is_dir():
            return share / 'config' / name
    return None


def default_model() -> Path:
    """Return the model file that is used unless another is named."""
    return share_directory() / 'models' / DEFAULT_MODEL


def shipped_profile() -> Path:
    """Return the Fast DDS profile for large images."""
    return share_directory() / 'config' / 'fastdds_images.xml'


def _share_directories() -> Iterator[Path]:
    parents = Path(__file__).resolve().parents
    # The source tree is two levels up; an installation has share/ beside lib/.
    for folder in (parents[1], *(parent / 'share' / 'roadseg_ros' for parent in parents)):
        if (folder / 'config').is_dir():
            yield folder
