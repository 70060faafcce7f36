"""Build networks by name, each from a file of its own and plain arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping

from torch import nn

from roadseg_core.models.baseline import Baseline
from roadseg_core.models.ddrnet import DDRNetSlim
from roadseg_core.models.edge_seg_net import EdgeSegNet
from roadseg_core.models.fast_scnn import FastSCNN
from roadseg_core.models.fcn8s import FCN8sVGG16
from roadseg_core.models.mobilenet_fcn import MobileNetFCN
from roadseg_core.models.multi_branch import MultiBranch
from roadseg_core.models.pidnet import PIDNetS
from roadseg_core.models.unet import UNet
from roadseg_core.models.unet_vgg import UNetVGG19

NETWORKS: Mapping[str, Callable[..., nn.Module]] = {
    'baseline': Baseline,
    'ddrnet_slim': DDRNetSlim,
    'edge_seg_net': EdgeSegNet,
    'fast_scnn': FastSCNN,
    'fcn8s_vgg16': FCN8sVGG16,
    'mobilenet_fcn': MobileNetFCN,
    'multi_branch': MultiBranch,
    'pidnet_s': PIDNetS,
    'unet': UNet,
    'unet_vgg19': UNetVGG19,
}


class NetworkError(ValueError):
    """A network that cannot be built; the message says which name or argument to change."""


def build_network(name: str, arguments: Mapping[str, object]) -> nn.Module:
    """
    Build a network by its name.

    >>> build_network('unet', {'in_channels': 3, 'out_channels': 1, 'filters': 8})

    :param name: a key of :data:`NETWORKS`
    :param arguments: the network's keyword arguments, as a checkpoint or configuration holds them
    :raises NetworkError: if the name or an argument is unknown or has an illegal value
    """
    if name not in NETWORKS:
        raise NetworkError(f'network {name!r}; expected one of {sorted(NETWORKS)}')
    network = NETWORKS[name]
    known = set(inspect.signature(network).parameters)
    unknown = sorted(set(arguments) - known)
    if unknown:
        raise NetworkError(f'network {name!r} has no arguments {unknown}; it has {sorted(known)}')
    try:
        return network(**arguments)
    except (TypeError, ValueError) as error:
        raise NetworkError(f'network {name!r}: {error}') from error
