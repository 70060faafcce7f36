"""Parse the contenders and settings of a benchmark."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PLAIN = ('onnxruntime', 'torch')
"""Contenders that run the plain network: learned transposed convolution, argmax after it."""

_SPECIFICATION = re.compile(
    r'(?:(?P<model>.+\.onnx)=)?(?P<backend>[a-z]+)(?:@(?P<device>[\w:.]+?))?'
    r'(?::(?P<precision>fp32|bf16|fp16|int8|auto))?(?P<outputs>(?:\+\w+)*)'
)


class BenchmarkError(ValueError):
    """A benchmark that cannot run as asked; the message says what to change."""


@dataclass(frozen=True)
class Contender:
    """
    Name one of those that are measured.

    :param text: as it was written, and as it is listed
    :param model: its model file or checkpoint; None takes the one of the run
    :param outputs: asked outputs; None takes those of the run
    :param plain: whether it runs the plain network in single precision, as a reference
    """

    text: str
    backend: str
    device: str = 'auto'
    precision: str = 'auto'
    model: Path | None = None
    outputs: tuple[str, ...] | None = None
    plain: bool = False


def parse_contender(text: str) -> Contender:
    """
    Parse ``[FILE.onnx=]BACKEND[@DEVICE][:PRECISION][+OUTPUT...]``.

    ``onnxruntime`` and ``torch`` alone are the plain network; ``+`` adds outputs to the labels.

    >>> parse_contender('openvino:bf16+road_probability').precision
    'bf16'

    :raises BenchmarkError: for another form
    """
    match = _SPECIFICATION.fullmatch(text)
    if match is None:
        raise BenchmarkError(
            f'contender {text!r}; expected [FILE.onnx=]BACKEND[@DEVICE][:PRECISION][+OUTPUT...], '
            'such as onnxruntime, torch, openvino:bf16 or tensorrt+road_probability'
        )
    extra = tuple(filter(None, match['outputs'].split('+')))
    contender = Contender(
        text=text,
        backend=match['backend'],
        device=match['device'] or 'auto',
        precision=match['precision'] or 'auto',
        model=Path(match['model']) if match['model'] else None,
        outputs=('labels', *extra) if extra else None,
        plain=match['backend'] in PLAIN
        and not (match['model'] or match['device'] or match['precision']),
    )
    if contender.backend == 'onnxruntime' and not contender.plain:
        raise BenchmarkError(
            f'contender {text!r}: onnxruntime runs the plain network in fp32 on the CPU only'
        )
    return contender


@dataclass(frozen=True)
class BenchmarkSettings:
    """
    Say how to measure.

    :param model: model file or checkpoint of the contenders that name none
    :param checkpoint: the model's checkpoint, for the plain network; None: the same network
        with untrained weights, which is as fast but agrees with nothing
    :param batches: frames in one call
    :param frames: folder of pictures; None: smooth noise
    :param agreement_frames: how many pictures the agreement is measured on
    :param rounds: how often every contender has its turn
    :param seconds: length of a turn
    :param threads: threads on the CPU of every contender; 0: one for each core
    """

    model: Path
    contenders: tuple[Contender, ...]
    outputs: tuple[str, ...] = ('labels',)
    batches: tuple[int, ...] = (4,)
    checkpoint: Path | None = None
    frames: Path | None = None
    agreement_frames: int = 32
    rounds: int = 8
    seconds: float = 0.5
    threads: int = 0
    pinning: bool = False
    cache_dir: Path | None = None

    def __post_init__(self) -> None:
        if not self.batches or min(self.batches) < 1:
            raise BenchmarkError(f'batches {self.batches}; expected numbers from 1')
        if self.rounds < 1 or self.seconds <= 0:
            raise BenchmarkError(
                f'{self.rounds} rounds of {self.seconds} s; '
                'expected at least one round, longer than 0 s'
            )
        names = [contender.text for contender in self.contenders]
        twice = sorted({name for name in names if names.count(name) > 1})
        if not names or twice:
            raise BenchmarkError(
                f'contenders {names}; expected each once'
                + (f', found twice: {twice}' if twice else '')
            )
