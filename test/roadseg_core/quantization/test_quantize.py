"""Quantization: symmetric pairs, what stays in fp32, and a file only where little is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch
from checkpoint_files import write_checkpoint

from roadseg_core.data.source import LabelledFrame
from roadseg_core.engines import EngineError, open_engine
from roadseg_core.engines.tensorrt.network import prepare_network
from roadseg_core.engines.tensorrt.rules import find_problems
from roadseg_core.export.run import export_checkpoint
from roadseg_core.geometry import Geometry
from roadseg_core.labels import IGNORE
from roadseg_core.model_file import OUTPUTS, read_model_info
from roadseg_core.quantization.graph import QuantizationError, quantize_graph
from roadseg_core.quantization.run import calibration_frames, quantize_file

SIZE = (32, 48)
RNG = np.random.default_rng(8)


@dataclass(frozen=True)
class Fields:
    """Frames whose truth is what a model in fp32 says, or its opposite in some pixels."""

    labels: np.ndarray
    frames: np.ndarray
    name: str = 'fields'
    road_only: bool = False

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.frames)

    def load(self, index: int) -> LabelledFrame:
        """Return a frame with its truth."""
        return LabelledFrame(str(index), self.frames[index], self.labels[index])


@pytest.fixture(scope='module')
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Hold the model file of a small U-Net and pictures."""
    folder = tmp_path_factory.mktemp('quantization')
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(4)
    arguments = {'filters': 4, 'depth': 2}
    write_checkpoint(folder / 'unet.safetensors', 'unet', arguments, Geometry('stretch', SIZE))
    export_checkpoint(folder / 'unet.safetensors', folder / 'unet.onnx')
    (folder / 'pictures').mkdir()
    for i in range(4):
        coarse = RNG.integers(0, 256, (5, 8, 3), np.uint8)
        cv2.imwrite(str(folder / f'pictures/{i}.png'), cv2.resize(coarse, SIZE[::-1]))
    yield folder
    torch.set_num_threads(threads)


@pytest.fixture(scope='module')
def fields(folder: Path) -> Fields:
    frames = calibration_frames(read_model_info(folder / 'unet.onnx'), [folder / 'pictures'], 4)
    engine = open_engine(folder / 'unet.onnx', precision='fp32')
    labels = engine.infer(frames).labels.copy()
    engine.close()
    # Where the network calls all alike, some of the truth is of the other class.
    labels[:, :4] = np.arange(48) % 2
    return Fields(labels, frames)


def test_weights_and_values_are_int8_around_zero(folder: Path, fields: Fields) -> None:
    model = onnx.load(folder / 'unet.onnx')
    quantized = quantize_graph(model, fields.frames)
    assert find_problems(prepare_network(quantized, OUTPUTS)) == []
    makers = {output: node for node in quantized.graph.node for output in node.output}
    convolutions = [
        node for node in quantized.graph.node if node.op_type in ('Conv', 'ConvTranspose')
    ]
    paired = [
        node.name
        for node in convolutions
        if all(
            name in makers and makers[name].op_type == 'DequantizeLinear' for name in node.input[:2]
        )
    ]
    in_fp32 = [node.name for node in convolutions if node.name not in paired]
    # All but the classifier, which no other convolution follows.
    assert len(in_fp32) == 1
    assert 'classifier' in in_fp32[0]
    sizes = {value.name: list(value.dims) for value in quantized.graph.initializer}
    for node in convolutions:
        if node.name in paired:
            weights = makers[node.input[1]]
            axis = next(entry.i for entry in weights.attribute if entry.name == 'axis')
            assert axis == (0 if node.op_type == 'Conv' else 1)
            assert sizes[weights.input[1]] == [sizes[weights.input[0]][axis]]


def test_named_convolutions_stay(folder: Path, fields: Fields) -> None:
    model = onnx.load(folder / 'unet.onnx')
    whole, less = (
        sum(
            node.op_type == 'QuantizeLinear'
            for node in quantize_graph(model, fields.frames, keep=keep).graph.node
        )
        for keep in ((), ('down.0.0',))
    )
    assert less == whole - 1
    with pytest.raises(QuantizationError, match='named like nothing'):
        quantize_graph(model, fields.frames, keep=['nothing'])
    with pytest.raises(QuantizationError, match='no convolution is left'):
        quantize_graph(model, fields.frames, keep=['_'])


def test_the_file_says_what_int8_changes(folder: Path, fields: Fields) -> None:
    output = folder / 'int8' / 'unet.onnx'
    changes = quantize_file(
        folder / 'unet.onnx',
        output,
        calibration=[folder / 'pictures'],
        sources=[fields],
        count=4,
        limit=50.0,
    )
    assert len(changes) == 1
    assert changes[0].frames == 4
    assert 0.5 < changes[0].labels <= 1.0
    info = read_model_info(output)
    assert info.precision == 'int8'
    assert info.licence == 'none'
    assert info.agreement['validation'] == [changes[0].to_dict()]
    assert info.agreement['calibration'] == {'frames': 4, 'of': ['pictures']}
    with pytest.raises(EngineError, match='roadseg quantize'):
        open_engine(folder / 'unet.onnx', precision='int8')
    engine = open_engine(output, precision='int8')
    assert engine.description.precision.startswith('int8')
    assert engine.infer(fields.frames).labels.shape == (4, *SIZE)
    engine.close()
    with pytest.raises(QuantizationError, match='computes in int8'):
        quantize_file(
            output,
            folder / 'twice.onnx',
            calibration=[folder / 'pictures'],
            sources=[fields],
            count=4,
        )


def test_a_file_that_loses_too_much_is_not_written(folder: Path, fields: Fields) -> None:
    output = folder / 'none.onnx'
    # Even no loss is more than is allowed here.
    with pytest.raises(QuantizationError, match='is not written.*expected at most -100'):
        quantize_file(
            folder / 'unet.onnx',
            output,
            calibration=[folder / 'pictures'],
            sources=[fields],
            count=2,
            limit=-100.0,
        )
    assert not output.exists()
    assert not list(folder.glob('.none*'))
    with pytest.raises(QuantizationError, match='no validation frames'):
        quantize_file(
            folder / 'unet.onnx', output, calibration=[folder / 'pictures'], sources=[], count=2
        )
    with pytest.raises(QuantizationError, match='at least one folder'):
        calibration_frames(read_model_info(folder / 'unet.onnx'), [], 4)


def test_a_loss_that_is_unknown_is_too_much(folder: Path, fields: Fields) -> None:
    output = folder / 'unknown.onnx'
    nothing_known = Fields(np.full_like(fields.labels, IGNORE), fields.frames, 'no_truth')
    for sources in ([fields, nothing_known], [nothing_known, fields]):
        with pytest.raises(QuantizationError, match='no_truth'):
            quantize_file(
                folder / 'unet.onnx',
                output,
                calibration=[folder / 'pictures'],
                sources=sources,
                count=2,
                limit=100.0,
            )
    empty = Fields(fields.labels[:0], fields.frames[:0], 'nothing')
    with pytest.raises(QuantizationError, match='nothing has no frames'):
        quantize_file(
            folder / 'unet.onnx',
            output,
            calibration=[folder / 'pictures'],
            sources=[empty],
            count=2,
        )
    assert not output.exists()
