"""What an engine asks about the processor: instructions, vectors, cores, threads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from roadseg_core.engines import open_engine, processor
from roadseg_core.engines.processor import (
    bf16_instructions,
    default_threads,
    physical_cores,
    vector_lanes,
)

MODEL = Path(__file__).resolve().parents[3] / 'models' / 'mobilenet_fcn_0.5.onnx'


@pytest.fixture(autouse=True)
def x86(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor.platform, 'machine', lambda: 'x86_64')


def cpuinfo(folder: Path, flags: str) -> Path:
    path = folder / 'cpuinfo'
    path.write_text(f'processor : 0\nmodel name : test\nflags\t\t: {flags}\n\n' * 2, 'ascii')
    return path


@pytest.mark.parametrize(
    ('flags', 'bf16', 'lanes'),
    [
        ('fpu avx2 avx512f amx_bf16 avx512_bf16', ('amx_bf16', 'avx512_bf16'), 16),
        ('fpu avx avx2 avx512f avx512_bf16', ('avx512_bf16',), 16),
        ('fpu avx avx2 avx512f', (), 16),
        ('fpu avx avx2', (), 8),
        ('fpu sse2', (), 4),
    ],
)
def test_flags_say_what_is_fast(tmp_path: Path, flags: str, bf16: tuple, lanes: int) -> None:
    assert bf16_instructions(cpuinfo(tmp_path, flags)) == bf16
    assert vector_lanes(cpuinfo(tmp_path, flags)) == lanes


def test_nothing_is_known_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bf16_instructions(tmp_path / 'none') is None
    assert vector_lanes(tmp_path / 'none') == 0
    monkeypatch.setattr(processor.platform, 'machine', lambda: 'aarch64')
    assert bf16_instructions(cpuinfo(tmp_path, 'avx512_bf16')) is None


def test_threads_of_a_core_count_once(tmp_path: Path) -> None:
    for number in os.sched_getaffinity(0):
        folder = tmp_path / f'cpu{number}' / 'topology'
        folder.mkdir(parents=True)
        (folder / 'thread_siblings_list').write_text('0-63\n', 'ascii')
    assert physical_cores(tmp_path) == 1
    assert physical_cores(tmp_path / 'none') == len(os.sched_getaffinity(0))


def test_the_node_keeps_a_core_where_there_are_many() -> None:
    assert [default_threads(cores) for cores in (1, 2, 3, 4, 16)] == [1, 2, 3, 3, 15]


def test_threads_and_precision_are_as_asked() -> None:
    engine = open_engine(MODEL, precision='fp32', threads=1, pinning=True)
    assert (engine.description.precision, engine.description.threads) == ('fp32', 1)
    engine.close()


@pytest.mark.parametrize(
    ('instructions', 'precision', 'said'),
    [
        ((), 'fp32', 'neither AMX nor AVX512-BF16'),
        (('avx512_bf16',), 'bf16', 'this processor has avx512_bf16'),
    ],
)
def test_the_choice_of_precision_is_said(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    instructions: tuple[str, ...],
    precision: str,
    said: str,
) -> None:
    openvino = pytest.importorskip('roadseg_core.engines.openvino')
    monkeypatch.setattr(openvino, 'bf16_instructions', lambda: instructions)
    if precision == 'bf16' and not bf16_instructions():
        pytest.skip('the processor has no instructions for bfloat16')
    with caplog.at_level('INFO'):
        engine = open_engine(MODEL, threads=1)
    assert engine.description.precision == precision
    assert said in caplog.text
    engine.close()
