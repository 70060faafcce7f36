"""Engines run models: one protocol, and one file per runtime."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from roadseg_core.engines.base import (
    Engine,
    EngineDescription,
    EngineError,
    EngineOptions,
    OpeningStopped,
    Progress,
    Segmentation,
)
from roadseg_core.engines.golden import try_golden_frame
from roadseg_core.engines.running import segment_image, segment_in_batches, warm_up
from roadseg_core.model_file import ModelFile, ModelInfo, read_model, read_model_info

BACKENDS = ('auto', 'tensorrt', 'openvino', 'torch')

__all__ = [
    'BACKENDS',
    'Engine',
    'EngineDescription',
    'EngineError',
    'EngineOptions',
    'model_info',
    'open_engine',
    'OpeningStopped',
    'Progress',
    'Segmentation',
    'segment_image',
    'segment_in_batches',
    'warm_up',
]

_log = logging.getLogger(__name__)


def open_engine(
    model: str | Path | ModelFile, *, backend: str = 'auto', **options: object
) -> Engine:
    """
    Open a model for inference.

    >>> open_engine('models/unet_8.onnx', outputs=('labels', 'confidence'), precision='fp32')

    :param model: path of a model file (``.onnx``), or of a training checkpoint; or a model file
        that was read
    :param backend: one of :data:`BACKENDS`; ``auto`` takes the first that can run the model
        here: TensorRT, then OpenVINO for a model file; PyTorch, on CUDA where there is a GPU,
        for a checkpoint
    :param options: fields of :class:`EngineOptions`
    :raises EngineError: if no engine can run the model as asked, or it computes something else
        than the model file's golden frame says
    :raises ModelFileError: if the model file is damaged or none of this project
    """
    if backend not in BACKENDS:
        raise EngineError(f'backend {backend!r}; expected one of {BACKENDS}')
    if not isinstance(model, ModelFile):
        model = read_model(model) if Path(model).suffix == '.onnx' else Path(model)
    asked = EngineOptions(**options)
    if backend != 'auto':
        return _open(backend, model, asked)
    if isinstance(model, Path):
        _log.info('backend auto: torch, since %s is a training checkpoint', model.name)
        return _open('torch', model, asked)
    try:
        engine = _open('tensorrt', model, asked)
    except OpeningStopped:
        raise
    except EngineError as error:
        _log.info('backend auto: not tensorrt: %s', error)
    else:
        _log.info('backend auto: tensorrt, the first for a model file')
        return engine
    _log.info('backend auto: openvino, since %s is a model file', model.info.path.name)
    return _open('openvino', model, asked)


def model_info(model: Path) -> ModelInfo:
    """
    Return the description that a model file or a training checkpoint holds.

    :raises EngineError: if the checkpoint cannot be opened, ModelFileError for a model file
    """
    if model.suffix == '.onnx':
        return read_model_info(model)
    with closing(open_engine(model, backend='torch', device='cpu')) as engine:
        return engine.info


def _open(backend: str, model: Path | ModelFile, options: EngineOptions) -> Engine:
    if backend == 'torch' and isinstance(model, ModelFile):
        raise EngineError(
            f'backend torch opens training checkpoints; {model.info.path} is a model file: use '
            'openvino or tensorrt'
        )
    if backend != 'torch' and isinstance(model, Path):
        raise EngineError(
            f'backend {backend} opens model files; {model} is none: use torch, or roadseg export'
        )
    try:
        engine = _ENGINES[backend]()
    except (ImportError, OSError) as error:
        # OSError: the package is there, and a library that it loads is not.
        missing, fix = _PACKAGES[backend]
        raise EngineError(
            f'backend {backend} needs {missing}, which cannot be imported here ({error}); {fix}'
        ) from error
    opened = engine(model, options)
    if isinstance(model, ModelFile):
        try:
            try_golden_frame(opened)
        except BaseException:
            opened.close()
            raise
    return opened


def _tensorrt() -> Callable[[ModelFile, EngineOptions], Engine]:
    from roadseg_core.engines.tensorrt.engine import TensorRtEngine

    return TensorRtEngine


def _openvino() -> Callable[[ModelFile, EngineOptions], Engine]:
    from roadseg_core.engines.openvino import OpenVinoEngine

    return OpenVinoEngine


def _torch() -> Callable[[Path, EngineOptions], Engine]:
    from roadseg_core.engines.torch import TorchEngine

    return TorchEngine


_ENGINES = {'tensorrt': _tensorrt, 'openvino': _openvino, 'torch': _torch}
_PACKAGES = {
    'tensorrt': ('the packages tensorrt and cuda-python', 'see docs/tensorrt.md'),
    'openvino': ('the package openvino', 'install it: pip install openvino'),
    'torch': ('PyTorch', 'install it, or export the checkpoint to a model file'),
}
"""What each engine needs, and how to come by it."""
