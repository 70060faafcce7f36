"""The TensorRT engine runs model files on NVIDIA GPUs, by TensorRT 10 or 11."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tensorrt as trt

from roadseg_core.engines.base import (
    Engine,
    EngineDescription,
    EngineError,
    EngineOptions,
    Segmentation,
)
from roadseg_core.engines.tensorrt.build import OPTIMIZATION_LEVEL, build_plan
from roadseg_core.engines.tensorrt.cuda import Gpu, use_gpu
from roadseg_core.engines.tensorrt.plan_cache import PlanCache, PlanKey, open_plan
from roadseg_core.engines.tensorrt.runtime import PlanRunner
from roadseg_core.files import user_cache
from roadseg_core.model_file import ModelFile

_LEAST_VERSION, _MOST_VERSION = 10, 11
_TF32_SINCE = 8
"""The first compute capability (its major number) of a GPU that multiplies in TF32."""


class TensorRtEngine(Engine):
    """
    Run a model file by TensorRT, from a plan that is built once and kept.

    Options: the device is ``auto`` or ``cuda`` for the first GPU, ``cuda:N`` for another; the
    precision ``auto``, or the file's own: TensorRT computes in the types of the file. A file of
    fp32 runs in TF32 on GPUs that have it; ``fp32`` rules that out.

    :raises EngineError: if there is no GPU, no plan that may be used, or the build fails
    """

    def __init__(self, model: ModelFile, options: EngineOptions) -> None:
        info, outputs, precision = model.info, options.outputs, options.precision
        super().__init__(info, outputs)
        _check_version(trt.__version__)
        if precision not in ('auto', info.precision):
            raise EngineError(
                f'precision {precision!r} for TensorRT; {info.path} computes in '
                f'{info.precision}, and TensorRT in what the file says: export another file, or '
                f'use auto or {info.precision}'
            )
        gpu = use_gpu(options.device)
        tf32 = precision == 'auto' and info.precision == 'fp32'
        folder = options.cache_dir or user_cache()
        self._cache = PlanCache(
            folder,
            PlanKey(
                model=info.path.stem,
                sha256=info.sha256,
                version=trt.__version__,
                gpu=gpu.name,
                compute_capability=gpu.compute_capability,
                outputs=outputs,
                options={
                    'optimization_level': OPTIMIZATION_LEVEL,
                    'tf32': tf32,
                    'max_batch': info.max_batch,
                },
            ),
        )

        def load(plan: bytes) -> PlanRunner:
            return PlanRunner(
                plan,
                gpu=gpu.index,
                outputs=outputs,
                frames=(info.max_batch, *info.geometry.input_size, 3),
            )

        def build() -> bytes:
            return build_plan(
                model.content,
                info,
                outputs=outputs,
                tf32=tf32,
                timing_cache=folder / _timings_name(gpu),
                progress=options.progress,
            )

        self._runner: PlanRunner | None = open_plan(
            self._cache,
            load=load,
            build=build,
            allow_build=options.allow_build,
            progress=options.progress,
        )
        in_tf32 = tf32 and int(gpu.compute_capability.partition('.')[0]) >= _TF32_SINCE
        self.description = EngineDescription(
            backend='tensorrt',
            device=f'cuda:{gpu.index} ({gpu.name})',
            precision='tf32' if in_tf32 else info.precision,
            threads=0,
            version=trt.__version__,
        )

    @property
    def plan(self) -> Path:
        """The file of the plan."""
        return self._cache.path

    @property
    def graphs(self) -> dict[int, bool]:
        """Say for each batch size that was run whether it runs as a CUDA graph."""
        return {} if self._runner is None else self._runner.graphs

    def _infer(self, frames: np.ndarray) -> Segmentation:
        if self._runner is None:
            raise EngineError('the engine is closed')
        return Segmentation(**self._runner.run(frames))

    def close(self) -> None:
        """Give back what the engine holds; a second call does nothing."""
        if self._runner is not None:
            self._runner.close()
            self._runner = None


def _check_version(version: str) -> None:
    major = int(version.partition('.')[0])
    if not _LEAST_VERSION <= major <= _MOST_VERSION:
        raise EngineError(f'TensorRT {version}; expected {_LEAST_VERSION}.x to {_MOST_VERSION}.x')


def _timings_name(gpu: Gpu) -> str:
    name = ''.join(letter if letter.isalnum() else '-' for letter in gpu.name)
    return f'timings-{trt.__version__}-{name}-{gpu.compute_capability}.cache'
