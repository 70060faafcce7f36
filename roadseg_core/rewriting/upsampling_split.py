"""Split a merged upsampling into the transposed convolution and the convolution it came from."""

from __future__ import annotations

import numpy as np
import onnx

from roadseg_core.rewriting.graph import Graph, is_plain_convolution, make_node
from roadseg_core.rewriting.skip_upsampling import border_bias, merged_kernel

_MOST_ERROR = 1e-5
"""Of the kernel's largest weight; fp32 has rounded it to a hundredth of that."""

_POINTS = 6
"""Along each variable."""


def split_upsampling(model: onnx.ModelProto) -> onnx.ModelProto:
    """
    Undo :func:`roadseg_core.rewriting.skip_upsampling.merge_upsampling`.

    The two layers compute what the merged form does. Their weights are not those that were merged:
    any mixing of the channels between the two, undone by the second, gives the same. A kernel
    that is no product of a 2x2 kernel with as many channels as outputs and a 3x3 kernel stays.
    """
    graph = Graph(model)
    for up in [node for node in graph.nodes if node.op_type == 'ConvTranspose']:
        found = _merged(graph, up)
        if found is None:
            continue
        total, of_skip, table = found
        kernel = graph.constant(up.input[1])
        if not kernel.any(axis=(0, 2, 3)).all():
            continue
        first, second = split_kernel(kernel)
        error = np.abs(merged_kernel(first, second) - kernel).max()
        if error <= _MOST_ERROR * np.abs(kernel).max():
            biases = _split_bias(table, second)
            weight = np.concatenate([graph.constant(of_skip.input[1]), second], axis=1)
            _replace(graph, total, (of_skip, up), (first, weight), biases)
    return graph.model()


def _merged(
    graph: Graph, up: onnx.NodeProto
) -> tuple[onnx.NodeProto, onnx.NodeProto, np.ndarray] | None:
    """Find the sum that a merged upsampling ends in, the skip's convolution and all biases."""
    kernel = graph.constant(up.input[1])
    total = graph.only_consumer(up.output[0])
    if (
        len(up.input) != 2
        or kernel is None
        or kernel.shape[2:] != (4, 4)
        or not is_plain_convolution(up, stride=2, padding=1)
        or total is None
        or total.op_type != 'Add'
    ):
        return None
    inner = graph.producer(total.input[0])
    if inner is None or inner.op_type != 'Add':
        return None
    of_skip, table = graph.producer(inner.input[0]), graph.constant(inner.input[1])
    if (
        of_skip is None
        or of_skip.op_type != 'Conv'
        or not is_plain_convolution(of_skip, stride=1, padding=1)
        or table is None
        or table.ndim != 4
        or min(table.shape[2:]) < 3
    ):
        return None
    return total, of_skip, table


def split_kernel(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """
    Find a transposed 2x2 convolution and a 3x3 convolution with a given composition.

    Kernels are polynomials of matrices in two variables, and composing multiplies these. At every
    point of the variables the kernel's columns span those of the first factor: linear equations
    for it, at the points of a discrete Fourier transform. Its columns come out orthonormal; the
    second factor is the least-squares solution.

    :param kernel: [in, out, 4, 4] with in > out and no output that is 0, as
        :func:`merged_kernel` returns it
    :returns: [in, out, 2, 2] and [out, out, 3, 3]; their composition differs where there are none
    """
    into, out = kernel.shape[:2]
    even = kernel / np.sqrt(np.square(kernel, dtype=np.float64).sum((0, 2, 3), keepdims=True))
    points = np.fft.fft2(even, s=(_POINTS, _POINTS), axes=(2, 3)).transpose(2, 3, 0, 1)
    spans, sizes, _ = np.linalg.svd(points, full_matrices=False)
    # Where the columns are nearly dependent, rounding turns what they span: the surer half counts.
    surest = np.argsort(-sizes[..., -1] / sizes[..., 0], axis=None)[: _POINTS**2 // 2]
    roots = np.exp(-2j * np.pi / _POINTS * np.arange(_POINTS))
    equations = np.zeros((4 * into, 4 * into))
    for i, j in zip(*np.unravel_index(surest, sizes.shape[:2])):
        outside = np.eye(into) - spans[i, j] @ spans[i, j].conj().T
        powers = np.array([1.0, roots[j], roots[i], roots[i] * roots[j]])
        equations += np.kron(np.outer(powers.conj(), powers), outside).real
    first = np.linalg.eigh(equations)[1][:, :out].reshape(2, 2, into, out)
    shifted = np.zeros((4, 4, into, 3, 3, out))
    for k in range(3):
        for m in range(3):
            shifted[k : k + 2, m : m + 2, :, k, m] = first
    wanted = kernel.transpose(2, 3, 0, 1).reshape(-1, out)
    second = np.linalg.lstsq(shifted.reshape(-1, 9 * out), wanted, rcond=None)[0]
    second = second.reshape(3, 3, out, out)[::-1, ::-1]
    return (
        first.transpose(2, 3, 0, 1).astype(np.float32),
        second.transpose(3, 2, 0, 1).astype(np.float32),
    )


def _split_bias(table: np.ndarray, convolution: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the biases of the two layers from what they come to: [1, out, H, W]."""
    out = len(convolution)
    ends = table[0][:, [0, 1, -1]][:, :, [0, 1, -1]].reshape(-1)
    of_first = [border_bias(convolution, unit).reshape(-1) for unit in np.eye(out)]
    of_second = np.repeat(np.eye(out), 9, axis=0)
    both = np.linalg.lstsq(np.column_stack([*of_first, of_second]), ends, rcond=None)[0]
    first, second = np.split(both.astype(np.float32), 2)
    return first, second


def _replace(
    graph: Graph,
    total: onnx.NodeProto,
    inputs: tuple[onnx.NodeProto, onnx.NodeProto],
    weights: tuple[np.ndarray, np.ndarray],
    biases: tuple[np.ndarray, np.ndarray],
) -> None:
    of_skip, up = inputs
    name = total.output[0]
    constants = [
        [graph.add_constant(f'{name}.{layer}_{what}', value) for layer, value in zip('ab', values)]
        for what, values in (('weight', weights), ('bias', biases))
    ]
    (first, second), (first_bias, second_bias) = constants
    graph.replace(
        total,
        make_node(
            'ConvTranspose',
            [up.input[0], first, first_bias],
            f'{name}/up',
            strides=[2, 2],
            kernel_shape=[2, 2],
        ),
        make_node('Concat', [of_skip.input[0], f'{name}/up'], f'{name}/both', axis=1),
        make_node(
            'Conv', [f'{name}/both', second, second_bias], name, pads=[1] * 4, kernel_shape=[3, 3]
        ),
    )
