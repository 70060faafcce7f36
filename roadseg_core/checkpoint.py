"""Checkpoints: tensors in safetensors, everything else as JSON in its header, in one file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from roadseg_core.files import write_atomically
from roadseg_core.geometry import Geometry, GeometryError
from roadseg_core.labels import LabelMap, LabelMapError
from roadseg_core.model_file import ModelInfo
from roadseg_core.models import NetworkError, build_network

FORMAT_VERSION = 1
_KEY = 'roadseg_checkpoint'
_PLAIN = ('network', 'network_arguments', 'data', 'metrics', 'licence', 'card', 'commit')


class CheckpointError(ValueError):
    """A file that is no usable checkpoint; the message names it."""


@dataclass(frozen=True)
class LoadedCheckpoint:
    """
    Hold a network in inference mode, and what its checkpoint says about it.

    :param state: what a resume needs besides tensors
    """

    network: nn.Module
    info: ModelInfo
    state: Mapping[str, object] = field(default_factory=dict)


def save_checkpoint(
    path: Path,
    network: nn.Module,
    info: ModelInfo,
    state: Mapping[str, object] | None = None,
    *,
    optimizer: torch.optim.Optimizer | None = None,
    average: nn.Module | None = None,
) -> None:
    """
    Write a checkpoint: a temporary file first, then renamed, so that it is never half.

    :param info: what the checkpoint says about itself; a file's own hash and path are left out
    :param state: for a resume: what is no tensor
    :param optimizer: for a resume: its state
    :param average: for a resume: the moving average of the network
    """
    tensors = {f'network.{name}': value for name, value in network.state_dict().items()}
    if optimizer is not None:
        for index, values in optimizer.state_dict()['state'].items():
            tensors |= {
                f'optimizer.{index}.{name}': value
                for name, value in values.items()
                if value is not None
            }
    if average is not None:
        tensors |= {f'average.{name}': value for name, value in average.state_dict().items()}
    values = {
        'format': FORMAT_VERSION,
        'label_map': info.label_map.to_dict(),
        'geometry': info.geometry.to_dict(),
        **{name: getattr(info, name) for name in _PLAIN},
        'state': dict(state or {}),
    }
    with write_atomically(path) as temporary:
        save_file(
            {name: value.detach().cpu().contiguous() for name, value in tensors.items()},
            temporary,
            metadata={_KEY: json.dumps(values)},
        )


def load_checkpoint(path: str | Path) -> LoadedCheckpoint:
    """
    Build the network of a checkpoint, on the CPU, in inference mode.

    :raises CheckpointError: if the file is missing, damaged, of a newer format or no checkpoint
    """
    path = Path(path)
    values, tensors = _read(path, 'network.')
    try:
        network = build_network(values['network'], values['network_arguments'])
        network.load_state_dict(tensors)
        info = ModelInfo(
            path=path,
            label_map=LabelMap.from_dict(values['label_map']),
            geometry=Geometry.from_dict(values['geometry']),
            **{name: values[name] for name in _PLAIN},
        )
        return LoadedCheckpoint(network.eval(), info, values['state'])
    except (KeyError, NetworkError, LabelMapError, GeometryError, RuntimeError) as error:
        raise CheckpointError(f'{path}: checkpoint does not fit this program: {error}') from error


def load_state(path: str | Path) -> dict[str, object]:
    """Read what a checkpoint holds for a resume besides tensors; CheckpointError as above."""
    return _read(Path(path), 'nothing.')[0]['state']


def load_tensors(path: str | Path, part: str) -> dict[str, Tensor]:
    """Read the tensors of ``network`` or ``average`` by name; empty where none were saved."""
    return _read(Path(path), f'{part}.')[1]


def load_optimizer_state(path: str | Path) -> dict[int, dict[str, Tensor]]:
    """Read the optimizer's tensors by parameter number; empty where none were saved."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in load_tensors(path, 'optimizer').items():
        index, key = name.split('.', 1)
        state.setdefault(int(index), {})[key] = tensor
    return state


def _read(path: Path, prefix: str) -> tuple[dict, dict[str, Tensor]]:
    """Return the header's values and the tensors under ``prefix``, without it."""
    try:
        with safe_open(path, framework='pt') as file:
            header = (file.metadata() or {}).get(_KEY)
            tensors = {
                name.removeprefix(prefix): file.get_tensor(name)
                for name in file.keys()
                if name.startswith(prefix)
            }
    except (OSError, SafetensorError) as error:
        raise CheckpointError(
            f'{path}: no readable checkpoint ({error}); expected a .safetensors file that '
            '`roadseg train` wrote'
        ) from error
    if header is None:
        raise CheckpointError(
            f'{path}: safetensors without roadseg data; expected a file that `roadseg train` wrote'
        )
    values = json.loads(header)
    if values.get('format', 0) > FORMAT_VERSION:
        raise CheckpointError(
            f'{path}: checkpoint format {values["format"]}, newer than '
            f'{FORMAT_VERSION}; update this program'
        )
    return values, tensors
