"""A configuration of a tiny run, for tests of the training program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

CONFIG = """
name: tiny
output: {output}
network: {{name: {network}, arguments: {{{arguments}}}}}
data:
  label_map: {label_map}
  input_size: [32, 64]
  train: [{{name: generated, frames: {frames}}}]
  validation: [{{name: generated, frames: 2}}]
  workers: 0
augmentation: {{flip: 0.5, crop: 0.5, gain: 0.2, noise: 4.0, shadow: 0.3}}
optimizer: {{name: adamw, learning_rate: 2.0e-3, clip_norm: 1.0}}
schedule: {{name: cosine, warmup_epochs: 0.5}}
ema_decay: 0.9
epochs: 2
batch_size: {batch_size}
threads: 1
precision: fp32
tensorboard: false
seed: 3
"""

NETWORKS = {
    'seven': (
        'mobilenet_fcn',
        'classes: 7, depth_multiplier: 0.1, classifier_depth: 8, classifier_kernel: 3',
    ),
    'two': ('unet', 'filters: 8'),
}


@pytest.fixture
def write_config(tmp_path: Path) -> Callable[..., Path]:
    """
    Write a configuration into the test's folder.

    For ``seven`` it trains a MobileNet-FCN with dropout and batch norm, for ``two`` U-Net-8.
    """

    def write(label_map: str, *, frames: int, batch_size: int) -> Path:
        network, arguments = NETWORKS[label_map]
        path = tmp_path / 'tiny.yaml'
        path.write_text(
            CONFIG.format(
                output=tmp_path / 'runs',
                network=network,
                arguments=arguments,
                label_map=label_map,
                frames=frames,
                batch_size=batch_size,
            )
        )
        return path

    return write
