"""Checkpoints of small networks, in which only the network matters."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from roadseg_core.checkpoint import save_checkpoint
from roadseg_core.geometry import Geometry
from roadseg_core.labels import TWO, LabelMap
from roadseg_core.model_file import ModelInfo
from roadseg_core.models import build_network


def write_checkpoint(
    path: Path,
    name: str,
    arguments: dict[str, object],
    geometry: Geometry,
    *,
    label_map: LabelMap = TWO,
    network: nn.Module | None = None,
) -> Path:
    """Write a network of this name, by default with fresh weights; return the path."""
    info = ModelInfo(
        path=path,
        label_map=label_map,
        geometry=geometry,
        network=name,
        network_arguments=arguments,
        licence='none',
        card='',
        data='',
    )
    save_checkpoint(path, network or build_network(name, arguments), info)
    return path
