"""Read the weights of a model file back into the network that it was exported from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from roadseg_core.checkpoint import LoadedCheckpoint
from roadseg_core.export.run import build_onnx, compare
from roadseg_core.model_file import ModelFileError, ModelInfo, read_model_info
from roadseg_core.models import build_network
from roadseg_core.rewriting import split_upsampling
from roadseg_core.rewriting.temperature import set_temperature
from roadseg_core.sources.picture_batches import load_pictures

LEAST_AGREEMENT = 0.9999
"""Share of equal labels of file and network below which the weights are refused."""

_MOST_WEIGHTS = 1 << 24
"""From here on not every whole number is one of fp32."""

_NORM = ('weight', 'running_mean', 'running_var', 'num_batches_tracked')


def read_network(path: str | Path) -> LoadedCheckpoint:
    """
    Build the network of a model file, in inference mode, with the file's weights.

    Export folds batch norm into convolutions and puts weights in another order. Where each went
    is found by exporting the same network with numbers for weights. Its batch norms then do
    nothing but add a bias; see :func:`settle_batch_norms` before training. Layers that export
    merges are split into two of the same product.

    :raises ModelFileError: if the file is not in fp32, its weights cannot be told apart, or the
        network labels pictures otherwise than the file does
    """
    info = read_model_info(path)
    if info.precision != 'fp32':
        raise ModelFileError(f'{path}: weights in {info.precision}; start from a file in fp32')
    network = build_network(info.network, info.network_arguments).eval()
    model = onnx.load(path)
    if info.temperature != 1.0:
        model = set_temperature(model, 1.0)
    _fill(network, model, info)
    loaded = LoadedCheckpoint(network, info)
    agreement = compare(loaded, model, load_pictures(info.geometry, None, 4))
    if agreement['labels'] < LEAST_AGREEMENT:
        raise ModelFileError(
            f'{path}: with the weights of the file the network gives {agreement["labels"]:.5f} of '
            f'its labels; expected {LEAST_AGREEMENT}: start from a checkpoint'
        )
    return loaded


@torch.no_grad()
def settle_batch_norms(network: nn.Module, images: Tensor) -> None:
    """
    Give batch norms the statistics of some images, so that training finds what it expects.

    In inference the network computes what it did.

    :param images: float [N, 3, H, W], as the network takes them
    """

    def settle(norm: nn.BatchNorm2d, inputs: tuple[Tensor]) -> None:
        variance, mean = torch.var_mean(inputs[0], (0, 2, 3), unbiased=False)
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        shift = norm.bias - norm.running_mean * scale
        norm.weight.copy_(scale * torch.sqrt(variance + norm.eps))
        norm.bias.copy_(shift + mean * scale)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)

    hooks = [module.register_forward_pre_hook(settle) for _, module in _norms(network)]
    network.eval()
    network(images)
    for hook in hooks:
        hook.remove()


def _norms(network: nn.Module) -> Iterator[tuple[str, nn.BatchNorm2d]]:
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d):
            yield name, module


def _fill(network: nn.Module, model: onnx.ModelProto, info: ModelInfo) -> None:
    """Find in a file every weight of a network, but for those of batch norm save its bias."""
    state = network.state_dict()
    for name, norm in _norms(network):
        # Then it multiplies by 1 and adds its bias.
        state[f'{name}.weight'].fill_(1.0)
        state[f'{name}.running_mean'].fill_(0.0)
        state[f'{name}.running_var'].fill_(1.0 - norm.eps)
    folded = {f'{name}.{part}' for name, _ in _norms(network) for part in _NORM}
    wanted = [tensor for name, tensor in state.items() if name not in folded]
    ends = np.cumsum([1, *(tensor.numel() for tensor in wanted)])
    count = int(ends[-1])
    if 2 * count > _MOST_WEIGHTS:
        raise ModelFileError(
            f'{info.path}: {count:,} weights are more than fp32 can number; start from a checkpoint'
        )
    graphs = []
    # Each weight is its own number, then that plus the count of all: what grew was a weight, and
    # by how much it grew is the factor that export multiplies it with.
    for more in (0, count):
        for tensor, first in zip(wanted, ends):
            numbers = torch.arange(first, first + tensor.numel()) + more
            tensor.copy_(numbers.reshape(tensor.shape))
        numbered = build_onnx(
            network, label_map=info.label_map, geometry=info.geometry, merge=False
        )
        graphs.append(numbered.graph)
    graphs.append(split_upsampling(model).graph)
    if len({tuple(node.op_type for node in graph.node) for graph in graphs}) > 1:
        raise ModelFileError(
            f'{info.path}: another graph than this version exports, or one whose merged layers '
            'cannot be told apart; start from a checkpoint'
        )
    values = np.full(count, np.nan, np.float32)
    for low, high, weights in zip(*map(_constants, graphs)):
        if low.shape != weights.shape:
            raise _merged(info)
        used = low != high
        numbers = np.rint(count / (high[used] / low[used].astype(float) - 1.0)).astype(np.int64)
        if used.any() and (numbers.min() < 1 or numbers.max() >= count):
            raise _merged(info)
        values[numbers] = weights[used] / (low[used] / numbers)
    if np.isnan(values[1:]).any():
        raise _merged(info)
    for tensor, first in zip(wanted, ends):
        part = values[first : first + tensor.numel()].reshape(tensor.shape)
        tensor.copy_(torch.from_numpy(part))


def _merged(info: ModelInfo) -> ModelFileError:
    return ModelFileError(
        f'{info.path}: the export of {info.network} merges weights with each other; they cannot '
        'be told apart: start from a checkpoint'
    )


def _constants(graph: onnx.GraphProto) -> Iterator[np.ndarray]:
    """Yield the float constants that nodes take, in the order of the nodes."""
    found = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in graph.initializer
        if tensor.data_type == onnx.TensorProto.FLOAT
    }
    for node in graph.node:
        for name in node.input:
            if name in found:
                yield found[name]
