"""The PyTorch engine runs training checkpoints on a CPU or a GPU, as the reference."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from roadseg_core.checkpoint import CheckpointError, load_checkpoint
from roadseg_core.deployed import DeployedNetwork
from roadseg_core.engines.base import (
    Engine,
    EngineDescription,
    EngineError,
    EngineOptions,
    Segmentation,
)
from roadseg_core.engines.torch_cuda import GraphRunner
from roadseg_core.files import sha256_of

_PRECISIONS = {'cpu': ('fp32', 'bf16'), 'cuda': ('fp16', 'fp32', 'bf16')}
"""What each kind of device computes in; the first is what ``auto`` takes."""


class TorchEngine(Engine):
    """
    Run a training checkpoint by PyTorch.

    Options: the device is ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``;
    the precision fp32; fp16, on CUDA only: the whole network in half precision; bf16: mixed
    precision; ``auto``: fp16 on CUDA, fp32 on the CPU. Threads are those of the whole process.

    :raises EngineError: if the checkpoint or the device cannot be used
    """

    def __init__(self, checkpoint: Path, options: EngineOptions) -> None:
        try:
            digest = sha256_of(checkpoint)
            loaded = load_checkpoint(checkpoint)
        except (CheckpointError, OSError) as error:
            raise EngineError(str(error)) from error
        if sha256_of(checkpoint) != digest:
            raise EngineError(f'{checkpoint} changed while it was opened: open it again')
        info = replace(loaded.info, sha256=digest)
        super().__init__(info, options.outputs)
        chosen, precision = _choose_device(options.device), options.precision
        if precision not in ('auto', *_PRECISIONS[chosen.type]):
            raise EngineError(
                f'precision {precision!r} for PyTorch on {chosen}; expected auto, '
                f'{", ".join(_PRECISIONS[chosen.type])}'
            )
        precision = _PRECISIONS[chosen.type][0] if precision == 'auto' else precision
        if options.threads:
            torch.set_num_threads(options.threads)
        network = DeployedNetwork(loaded.network, label_map=info.label_map, outputs=self.outputs)
        network = network.eval()
        if precision == 'fp16':
            network = network.half()
        self._device, self._bf16 = chosen, precision == 'bf16'
        self._network: DeployedNetwork | None = network
        self._runner: GraphRunner | None = None
        name = str(chosen)
        try:
            if chosen.type == 'cuda':
                self._runner = GraphRunner(
                    network,
                    device=chosen,
                    outputs=len(self.outputs),
                    frames=(info.max_batch, *info.geometry.input_size, 3),
                )
                name = f'{chosen} ({torch.cuda.get_device_name(chosen)})'
        except RuntimeError as error:
            raise EngineError(
                f'PyTorch cannot run on device {options.device!r}: {error}'
            ) from error
        self.description = EngineDescription(
            backend='torch',
            device=name,
            precision=precision,
            threads=torch.get_num_threads() if chosen.type == 'cpu' else 0,
            version=torch.__version__,
        )

    @property
    def graphs(self) -> dict[int, bool]:
        """Say for each batch size that was run whether it runs as a CUDA graph."""
        return {} if self._runner is None else self._runner.graphs

    def _infer(self, frames: np.ndarray) -> Segmentation:
        if self._network is None:
            raise EngineError('the engine is closed')
        try:
            # Weights that autocast keeps would be gone when a graph that reads them is launched.
            with (
                torch.inference_mode(),
                torch.autocast(
                    self._device.type,
                    torch.bfloat16,
                    enabled=self._bf16,
                    cache_enabled=self._runner is None,
                ),
            ):
                if self._runner is not None:
                    values = self._runner.run(frames)
                else:
                    values = [result.numpy() for result in self._network(torch.from_numpy(frames))]
        except RuntimeError as error:
            raise EngineError(f'PyTorch failed on {len(frames)} frames: {error}') from error
        return Segmentation(**dict(zip(self.outputs, values)))

    def close(self) -> None:
        """Give back what the engine holds; a second call does nothing."""
        self._network = None
        self._runner = None


def _choose_device(device: str) -> torch.device:
    """Return the device of a name; raise :class:`EngineError` where there is no such one."""
    name = device.lower()
    if name == 'auto':
        name = 'cuda' if torch.cuda.is_available() else 'cpu'
    try:
        chosen = torch.device(name)
    except RuntimeError as error:
        raise EngineError(
            f'device {device!r} for PyTorch; expected auto, cpu, cuda or cuda:N'
        ) from error
    if chosen.type not in _PRECISIONS:
        raise EngineError(f'device {device!r} for PyTorch; expected auto, cpu, cuda or cuda:N')
    count = torch.cuda.device_count() if chosen.type == 'cuda' else 1
    if (chosen.index or 0) >= count:
        raise EngineError(
            f'device {device!r}; PyTorch {torch.__version__} can use {count} NVIDIA GPUs here'
        )
    return torch.device('cuda', chosen.index or 0) if chosen.type == 'cuda' else chosen
