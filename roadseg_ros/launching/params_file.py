"""Read the node's camera names from a ROS parameter file, before the node runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import yaml


def cameras_in_file(params_file: Path, node_name: str) -> list[str]:
    """
    Return the camera_names that `params_file` gives the node; [] where it gives none.

    Keys are read as ROS reads them for this node: '/**' for every node, and the node's own
    name with or without namespaces, which wins.
    """
    if not params_file.is_file():
        raise ValueError(f'params_file {params_file} does not exist')
    try:
        document = yaml.safe_load(params_file.read_text(encoding='utf-8'))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f'params_file {params_file} is not YAML: {error}') from error
    if not isinstance(document, dict):
        raise ValueError(
            f'params_file {params_file} holds no parameters: expected '
            f"'/**: {{ros__parameters: {{...}}}}'"
        )
    general, own = [], []
    for key, section in _sections(document):
        names = section.get('camera_names')
        if not isinstance(names, list):
            continue
        last = key.rstrip('/').rsplit('/', 1)[-1]
        if last == node_name:
            own = names
        elif last in ('*', '**'):
            general = names
    return [str(name) for name in own or general]


def _sections(document: Mapping[str, object], prefix: str = '') -> list[tuple[str, dict]]:
    """Return (node key, parameters) for each ros__parameters, nested namespaces included."""
    found: list[tuple[str, dict]] = []
    for key, value in document.items():
        if not isinstance(value, dict):
            continue
        if key == 'ros__parameters':
            found.append((prefix, value))
        else:
            found.extend(_sections(value, f'{prefix}/{key}'))
    return found
