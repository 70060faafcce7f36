"""The OpenVINO engine: any CPU."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import openvino

from roadseg_core.engines.base import Engine, EngineDescription, EngineError, Segmentation
from roadseg_core.model_file import ModelInfo

_PRECISIONS = {'fp32': 'f32', 'bf16': 'bf16', 'fp16': 'f16'}


class OpenVinoEngine(Engine):
    """
    Run a model file by OpenVINO.

    :param device: OpenVINO's name of a device, or ``auto`` for the CPU
    :param precision: ``auto`` lets OpenVINO choose (bf16 where the processor has AMX), or one of
        fp32, bf16, fp16
    :param threads: threads of inference; 0 takes one for each core
    :param cache_dir: folder for compiled models, or None for none
    :raises EngineError: if OpenVINO cannot compile the model as asked
    """

    def __init__(
        self, info: ModelInfo, *, outputs: tuple[str, ...], device: str, precision: str,
        threads: int, cache_dir: Path | None,
    ) -> None:
        super().__init__(info, outputs)
        if precision != 'auto' and precision not in _PRECISIONS:
            raise EngineError(
                f'precision {precision!r} for OpenVINO; expected auto, '
                f'{", ".join(_PRECISIONS)}')
        settings = {
            'PERFORMANCE_HINT': 'LATENCY',
            'INFERENCE_NUM_THREADS': threads or len(os.sched_getaffinity(0)),
            # Pinned threads collide with the node's own and with other programs'.
            'ENABLE_CPU_PINNING': False,
        }
        if precision != 'auto':
            settings['INFERENCE_PRECISION_HINT'] = _PRECISIONS[precision]
        name = 'CPU' if device.lower() in ('auto', 'cpu') else device
        if name != 'CPU':
            settings = {'PERFORMANCE_HINT': 'LATENCY'}
        try:
            core = openvino.Core()
            if cache_dir is not None:
                core.set_property({'CACHE_DIR': str(cache_dir)})
            model = core.read_model(str(info.path))
            by_name = {output.get_any_name(): output for output in model.outputs}
            # Outputs that nobody asked for are taken out, and what leads to them with them.
            wanted = openvino.Model(
                [by_name[output] for output in outputs], model.get_parameters(), 'roadseg')
            self._compiled = core.compile_model(wanted, name, settings)
            self._request = self._compiled.create_infer_request()
            self._description = EngineDescription(
                backend='openvino', device=name, precision=self._precision(),
                threads=settings.get('INFERENCE_NUM_THREADS', 0),
                version=openvino.get_version())
        except RuntimeError as error:
            raise EngineError(f'OpenVINO cannot open {info.path} on {name}: {error}') from error

    def _precision(self) -> str:
        kind = self._compiled.get_property('INFERENCE_PRECISION_HINT').get_type_name()
        named = {value: key for key, value in _PRECISIONS.items()}
        return named.get(kind, self.info.precision)

    @property
    def description(self) -> EngineDescription:
        """Say what runs where."""
        return self._description

    def _infer(self, frames: np.ndarray) -> Segmentation:
        if self._request is None:
            raise EngineError('the engine is closed')
        try:
            self._request.infer([frames], share_inputs=True)
            values = {
                name: self._request.get_output_tensor(index).data
                for index, name in enumerate(self.outputs)}
        except RuntimeError as error:
            raise EngineError(f'OpenVINO failed on {len(frames)} frames: {error}') from error
        return Segmentation(**values)

    def close(self) -> None:
        """Give back what the engine holds; a second call does nothing."""
        self._request = None
        self._compiled = None
