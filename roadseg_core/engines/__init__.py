"""Engines run models: one protocol, and one file per runtime."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from roadseg_core.engines.base import (
    Engine,
    EngineDescription,
    EngineError,
    OpeningStopped,
    Progress,
    Segmentation,
)
from roadseg_core.engines.running import segment_image, segment_in_batches, warm_up
from roadseg_core.model_file import ModelFile, read_model

BACKENDS = ('auto', 'tensorrt', 'openvino', 'torch')

__all__ = [
    'BACKENDS',
    'Engine',
    'EngineDescription',
    'EngineError',
    'open_engine',
    'OpeningStopped',
    'Progress',
    'Segmentation',
    'segment_image',
    'segment_in_batches',
    'warm_up',
]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Request:
    """What was asked of :func:`open_engine`; ``model`` is None for a training checkpoint."""

    path: Path
    model: ModelFile | None
    outputs: tuple[str, ...]
    device: str
    precision: str
    threads: int
    pinning: bool
    cache_dir: Path | None
    allow_build: bool
    progress: Progress | None

    def model_file(self, backend: str) -> ModelFile:
        """Return the model file; raise :class:`EngineError` for a checkpoint."""
        if self.model is None:
            raise EngineError(
                f'backend {backend} opens model files; {self.path} is none: use torch, or '
                'roadseg export'
            )
        return self.model


def open_engine(
    model: str | Path | ModelFile,
    *,
    backend: str = 'auto',
    outputs: Sequence[str] = ('labels',),
    device: str = 'auto',
    precision: str = 'auto',
    threads: int = 0,
    pinning: bool = False,
    cache_dir: str | Path | None = None,
    allow_build: bool = True,
    progress: Progress | None = None,
) -> Engine:
    """
    Open a model for inference.

    :param model: path of a model file (``.onnx``), or of a training checkpoint; or a model file
        that was read
    :param backend: one of :data:`BACKENDS`; ``auto`` takes the first that can run the model
        here: TensorRT, then OpenVINO for a model file; PyTorch, on CUDA where there is a GPU,
        for a checkpoint
    :param outputs: what :meth:`Engine.infer` returns: labels, road_probability, confidence
    :param device: the backend's name of a device, or ``auto``
    :param precision: ``auto``, fp32, bf16, fp16 or int8, as the backend and the file can
    :param threads: threads of inference on a CPU; 0 lets the engine choose
    :param pinning: whether OpenVINO's threads stay on their cores
    :param cache_dir: folder for compiled models; None: OpenVINO keeps none, TensorRT keeps its
        plans in the user's cache folder
    :param allow_build: whether TensorRT may build a plan, which takes minutes
    :param progress: told how the opening goes; it can give it up
    :raises EngineError: if no engine can run the model as asked
    :raises ModelFileError: if the model file is damaged or none of this project
    """
    if backend not in BACKENDS:
        raise EngineError(f'backend {backend!r}; expected one of {BACKENDS}')
    if not isinstance(model, ModelFile) and Path(model).suffix == '.onnx':
        model = read_model(model)
    read = model if isinstance(model, ModelFile) else None
    path = Path(model) if read is None else read.info.path
    request = _Request(
        path,
        read,
        tuple(outputs),
        device,
        precision,
        threads,
        pinning,
        Path(cache_dir) if cache_dir else None,
        allow_build,
        progress,
    )
    if backend != 'auto':
        return _OPENERS[backend](request)
    what, order = ('training checkpoint', ('torch',))
    if request.model is not None:
        what, order = ('model file', ('tensorrt', 'openvino'))
    for name in order[:-1]:
        try:
            engine = _OPENERS[name](request)
        except OpeningStopped:
            raise
        except EngineError as error:
            _log.info('backend auto: not %s: %s', name, error)
        else:
            _log.info('backend auto: %s, the first for a %s', name, what)
            return engine
    _log.info('backend auto: %s, since %s is a %s', order[-1], path.name, what)
    return _OPENERS[order[-1]](request)


def _open_tensorrt(request: _Request) -> Engine:
    model = request.model_file('tensorrt')
    try:
        from roadseg_core.engines.tensorrt.engine import TensorRtEngine
    except (ImportError, OSError) as error:
        # OSError: the package is there, and a library that it loads is not.
        raise EngineError(
            'backend tensorrt needs the packages tensorrt and cuda-python, which cannot be '
            f'imported here ({error}); see docs/tensorrt.md'
        ) from error
    return TensorRtEngine(
        model,
        outputs=request.outputs,
        device=request.device,
        precision=request.precision,
        cache_dir=request.cache_dir,
        allow_build=request.allow_build,
        progress=request.progress,
    )


def _open_openvino(request: _Request) -> Engine:
    model = request.model_file('openvino')
    try:
        from roadseg_core.engines.openvino import OpenVinoEngine
    except ImportError as error:
        raise EngineError(
            f'backend openvino needs the package openvino, which is not installed ({error}); '
            'install it: pip install openvino'
        ) from error
    return OpenVinoEngine(
        model,
        outputs=request.outputs,
        device=request.device,
        precision=request.precision,
        threads=request.threads,
        pinning=request.pinning,
        cache_dir=request.cache_dir,
    )


def _open_torch(request: _Request) -> Engine:
    if request.model is not None:
        raise EngineError(
            f'backend torch opens training checkpoints; {request.path} is a model file: use '
            'openvino or tensorrt'
        )
    try:
        from roadseg_core.engines.torch import TorchEngine
    except ImportError as error:
        raise EngineError(
            f'backend torch needs PyTorch, which is not installed ({error}); '
            'install it, or export the checkpoint to a model file'
        ) from error
    return TorchEngine(
        request.path,
        outputs=request.outputs,
        device=request.device,
        precision=request.precision,
        threads=request.threads,
    )


_OPENERS: dict[str, Callable[[_Request], Engine]] = {
    'tensorrt': _open_tensorrt,
    'openvino': _open_openvino,
    'torch': _open_torch,
}
