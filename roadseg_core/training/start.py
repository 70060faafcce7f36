"""Start a run: seeds, threads, and the network with its first weights."""

from __future__ import annotations

import shutil
import subprocess
from itertools import islice
from pathlib import Path

import cv2
import torch
from torch import nn

from roadseg_core.checkpoint import load_checkpoint
from roadseg_core.export.weights import read_network, settle_batch_norms
from roadseg_core.labels import TWO, LabelMap
from roadseg_core.models import build_network
from roadseg_core.models.mobilenet_fcn import MobileNetFCN
from roadseg_core.models.preprocessing import normalize
from roadseg_core.models.pretrained import load_stem
from roadseg_core.models.widening import widen
from roadseg_core.training.config import ConfigError, TrainingConfig
from roadseg_core.training.data import find_root
from roadseg_core.training.samples import TrainingSet

_SETTLING_SAMPLES = 16


def fix_chance(config: TrainingConfig, device: torch.device) -> None:
    """Set seed, threads and deterministic algorithms, where there are any."""
    torch.manual_seed(config.seed)
    if config.threads:
        torch.set_num_threads(config.threads)
    cv2.setNumThreads(1)
    # A CPU needs none of this: with a fixed number of threads it always computes the same.
    if device.type == 'cuda':
        torch.use_deterministic_algorithms(config.deterministic, warn_only=True)
        torch.backends.cudnn.benchmark = not config.deterministic


def first_network(
    config: TrainingConfig,
    label_map: LabelMap,
    samples: TrainingSet,
    device: torch.device,
    *,
    weights: bool,
) -> nn.Module:
    """
    Build the network with random or pretrained weights, or those of ``init``.

    :param samples: give their statistics to batch norms that a model file has folded away
    :param weights: whether to fill it; not for a resume
    :raises ConfigError: if its classes are not those of the label map, or ``init`` is of another
        network
    """
    network = build_network(config.network.name, config.network.arguments)
    classes = len(label_map.names)
    if network.classes not in ((1, 2) if label_map == TWO else (classes,)):
        raise ConfigError(
            f'network.arguments: {network.classes} classes; label map {label_map.name!r} has '
            f'{classes}' + (' (or 1: a sigmoid)' if label_map == TWO else '')
        )
    if config.init and weights:
        _start_from(config.init, network, samples)
    elif config.network.stem_weights and weights:
        stem = getattr(network, 'stem', network)
        load_stem(stem, config.network.stem_weights, root=find_root(config))
    return network.to(device)


def _start_from(path: str, network: nn.Module, samples: TrainingSet) -> None:
    """Fill a network from a checkpoint or a model file; what depends on the classes may differ."""
    from_file = path.endswith('.onnx')
    loaded = read_network(path) if from_file else load_checkpoint(path)
    source, how = loaded.network, 'started'
    if from_file:
        frames = [samples[0, i][0] for i in islice(range(len(samples)), _SETTLING_SAMPLES)]
        settle_batch_norms(source, normalize(torch.stack(frames)))
    if _is_wider(network, source):
        how = f'widened from {source.stem.depth_multiplier:g} and started'
        arguments = {'depth_multiplier': network.stem.depth_multiplier}
        wide = build_network(loaded.info.network, {**loaded.info.network_arguments, **arguments})
        widen(source, wide)
        source = wide
    own, given = network.state_dict(), source.state_dict()
    fitting = {
        name: tensor
        for name, tensor in given.items()
        if name in own and own[name].shape == tensor.shape
    }
    new = [name for name in own if name not in fitting]
    of_classes = (source.classes, network.classes)
    strange = [
        name
        for name in new
        if name not in given
        or own[name].dim() != given[name].dim()
        or any(
            there != here and (there, here) != of_classes
            for there, here in zip(given[name].shape, own[name].shape)
        )
    ]
    if strange:
        raise ConfigError(
            f'init: {path} holds another network: {strange[0]} '
            + (
                f'is {tuple(given[strange[0]].shape)} there and {tuple(own[strange[0]].shape)} here'
                if strange[0] in given
                else 'is not there'
            )
            + '; set network.name and network.arguments as there'
        )
    network.load_state_dict(fitting, strict=False)
    print(f'{how} from {path}' + (f'; new are {", ".join(new)}' if new else ''))


def _is_wider(network: nn.Module, source: nn.Module) -> bool:
    both_fcn = isinstance(network, MobileNetFCN) and isinstance(source, MobileNetFCN)
    return both_fcn and network.stem.depth_multiplier > source.stem.depth_multiplier


def current_commit() -> str:
    """Return the commit of the program, 'unknown' outside a repository."""
    command = ['git', '-C', str(Path(__file__).parent), 'rev-parse', 'HEAD']
    if shutil.which('git') is None:
        return 'unknown'
    return subprocess.run(command, capture_output=True, text=True).stdout.strip() or 'unknown'
