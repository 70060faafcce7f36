"""The PyTorch engine: opens training checkpoints, on the CPU or a GPU, as the reference."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch

from roadseg_core.engines.base import Engine, EngineDescription, EngineError, Segmentation
from roadseg_core.export import DeployedNetwork, MAX_BATCH
from roadseg_core.model_file import ModelInfo, OUTPUTS
from roadseg_core.training.checkpoint import CheckpointError, load_checkpoint


class TorchEngine(Engine):
    """
    Run a training checkpoint by PyTorch.

    :param device: ``auto`` (CUDA where there is one), ``cpu``, ``cuda`` or ``cuda:N``
    :param precision: ``auto`` or fp32 for single precision, bf16 for mixed precision
    :param threads: threads on the CPU for the whole process; 0 leaves PyTorch's choice
    :raises EngineError: if the checkpoint or the device cannot be used
    """

    def __init__(
        self, checkpoint: Path, *, outputs: tuple[str, ...], device: str, precision: str,
        threads: int,
    ) -> None:
        try:
            loaded = load_checkpoint(checkpoint)
        except CheckpointError as error:
            raise EngineError(str(error)) from error
        super().__init__(_info(checkpoint, loaded), outputs)
        if precision not in ('auto', 'fp32', 'bf16'):
            raise EngineError(f'precision {precision!r} for PyTorch; expected auto, fp32, bf16')
        name = device.lower()
        if name == 'auto':
            name = 'cuda' if torch.cuda.is_available() else 'cpu'
        if threads:
            torch.set_num_threads(threads)
        try:
            self._device = torch.device(name)
            self._network = DeployedNetwork(
                loaded.network, label_map=loaded.label_map, outputs=outputs
            ).eval().to(self._device)
        except (RuntimeError, AssertionError) as error:
            raise EngineError(f'PyTorch cannot run on device {device!r}: {error}') from error
        self._bf16 = precision == 'bf16'
        self._description = EngineDescription(
            backend='torch', device=name, precision='bf16' if self._bf16 else 'fp32',
            threads=torch.get_num_threads() if name == 'cpu' else 0,
            version=torch.__version__)

    @property
    def description(self) -> EngineDescription:
        """Say what runs where."""
        return self._description

    def _infer(self, frames: np.ndarray) -> Segmentation:
        if self._network is None:
            raise EngineError('the engine is closed')
        try:
            with torch.inference_mode(), torch.autocast(
                    self._device.type, torch.bfloat16, enabled=self._bf16):
                results = self._network(torch.from_numpy(frames).to(self._device))
                values = [result.cpu().numpy() for result in results]
        except RuntimeError as error:
            raise EngineError(f'PyTorch failed on {len(frames)} frames: {error}') from error
        return Segmentation(**dict(zip(self.outputs, values)))

    def close(self) -> None:
        """Give back what the engine holds; a second call does nothing."""
        self._network = None


def _info(checkpoint: Path, loaded) -> ModelInfo:
    digest = hashlib.sha256()
    for path in sorted(checkpoint.iterdir()) if checkpoint.is_dir() else [checkpoint]:
        if path.is_file():
            digest.update(path.read_bytes())
    return ModelInfo(
        path=checkpoint, sha256=digest.hexdigest(), label_map=loaded.label_map,
        geometry=loaded.geometry, network=loaded.network_name,
        network_arguments=loaded.network_arguments, max_batch=MAX_BATCH, outputs=OUTPUTS,
        precision='fp32', licence=loaded.licence, card=loaded.card, data=loaded.data,
        metrics=loaded.metrics, commit=loaded.commit)
