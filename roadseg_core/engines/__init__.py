"""Engines: one protocol, a file for each runtime."""

from __future__ import annotations

from collections.abc import Sequence
import logging
from pathlib import Path

from roadseg_core.engines.base import Engine, EngineDescription, EngineError, Segmentation
from roadseg_core.model_file import read_model_info

BACKENDS = ('auto', 'openvino', 'torch')

__all__ = [
    'BACKENDS', 'Engine', 'EngineDescription', 'EngineError', 'open_engine', 'Segmentation']

_log = logging.getLogger(__name__)


def open_engine(
    model: str | Path, *, backend: str = 'auto', outputs: Sequence[str] = ('labels',),
    device: str = 'auto', precision: str = 'auto', threads: int = 0,
    cache_dir: str | Path | None = None, allow_build: bool = True,
) -> Engine:
    """
    Open a model for inference.

    :param model: a model file (``.onnx``), or a training checkpoint
    :param backend: one of :data:`BACKENDS`; ``auto`` takes OpenVINO for a model file and
        PyTorch for a checkpoint
    :param outputs: what :meth:`Engine.infer` returns: labels, road_probability, confidence
    :param device: the backend's name of a device, or ``auto``
    :param precision: ``auto``, fp32, bf16 or fp16, as the backend can
    :param threads: threads of inference on a CPU; 0 lets the engine choose
    :param cache_dir: folder for compiled models; None for none
    :param allow_build: whether minutes of compilation are allowed; no backend here needs them
    :raises EngineError: if no engine can run the model as asked
    :raises ModelFileError: if the model file is damaged or none of this project
    """
    path = Path(model)
    if backend not in BACKENDS:
        raise EngineError(f'backend {backend!r}; expected one of {BACKENDS}')
    is_model_file = path.suffix == '.onnx'
    chosen = backend
    if backend == 'auto':
        chosen = 'openvino' if is_model_file else 'torch'
        _log.info('backend auto: %s, since %s is a %s', chosen, path.name,
                  'model file' if is_model_file else 'training checkpoint')
    if chosen == 'openvino':
        info = read_model_info(path)
        try:
            from roadseg_core.engines.openvino import OpenVinoEngine
        except ImportError as error:
            raise EngineError(
                f'backend openvino needs the package openvino, which is not installed ({error}); '
                'install it: pip install openvino') from error
        return OpenVinoEngine(
            info, outputs=tuple(outputs), device=device, precision=precision, threads=threads,
            cache_dir=None if not cache_dir else Path(cache_dir))
    if is_model_file:
        raise EngineError(
            f'backend torch opens training checkpoints; {path} is a model file: use openvino')
    try:
        from roadseg_core.engines.torch import TorchEngine
    except ImportError as error:
        raise EngineError(
            f'backend torch needs PyTorch, which is not installed ({error}); '
            'install it, or export the checkpoint to a model file') from error
    return TorchEngine(path, outputs=tuple(outputs), device=device, precision=precision,
                       threads=threads)
