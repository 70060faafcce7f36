"""Where the package's configuration files are."""

from __future__ import annotations

from pathlib import Path


def config_folder(name: str) -> Path | None:
    """
    Find a folder of ``config``: of the source tree, or installed below ``share``.

    :param name: such as ``label_maps``
    :returns: the folder, None if there is none
    """
    parents = Path(__file__).resolve().parents
    # The source tree is two levels up; an installation has share/ beside lib/.
    for config in (parents[1] / 'config',
                   *(parent / 'share' / 'roadseg_ros' / 'config' for parent in parents)):
        if (config / name).is_dir():
            return config / name
    return None
