"""Commands replace files that are there only if asked to."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Declare ``--overwrite``."""
    parser.add_argument(
        '--overwrite', action='store_true', help='replace files of these names (default: refuse)'
    )


def refuse_to_replace(options: argparse.Namespace, *files: Path | None) -> None:
    """
    Refuse to write over files that are there, unless ``--overwrite`` was given.

    :param files: what would be written; None for nothing
    :raises ValueError: for the first that is there
    """
    for file in files:
        if file and file.exists() and not options.overwrite:
            raise ValueError(f'{file} is there; name another file, or replace it by --overwrite')
