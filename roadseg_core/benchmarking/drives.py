"""Measure how fast bags are evaluated, compared with the engine alone, and in how much memory."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np

from roadseg_core.bags.cdr import BILLION, compressed_cdr, image_cdr
from roadseg_core.bags.message_types import COMPRESSED_TYPE, RAW_TYPE
from roadseg_core.bags.writer import FIRST_STAMP_NS, BagWriter, image_topic
from roadseg_core.benchmarking.run import PACKAGES, benchmark
from roadseg_core.benchmarking.specification import BenchmarkSettings, Contender
from roadseg_core.evaluation.run import evaluate_bags
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.sections import EngineChoice, OutputChoice
from roadseg_core.machine import describe_machine, versions

_PERIOD_NS = BILLION // 15
_PERCENT = 60
"""Least share of the engine's rate that an evaluation reaches, in percent."""

_EVALUATE = """
import sys
from roadseg_ros.evaluate_bag import main
if main(sys.argv[1:]):
    sys.exit(1)
for line in open('/proc/self/status', encoding='ascii'):
    if line.startswith('VmHWM:'):
        print(line.split()[1])
"""
# The peak that wait4 tells is at least that of the process it was forked from.

_MEBIBYTES = 200
"""Most memory that a longer bag takes beyond a short one."""


def moving_pictures(count: int, *, height: int, width: int) -> Iterable[np.ndarray]:
    """Yield uint8 [H, W, 3]: smooth spots that move through the picture."""
    coarse = np.random.default_rng(1).integers(0, 256, (height // 16, width // 16, 3), np.uint8)
    spots = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    for number in range(count):
        yield np.roll(spots, 5 * number, axis=1)


def write_bag(path: Path, count: int, *, height: int, width: int, compressed: bool) -> Path:
    """Write a bag of raw or JPEG images, which may be long."""
    kind, topic = RAW_TYPE, image_topic('front')
    if compressed:
        kind, topic = COMPRESSED_TYPE, f'{topic}/compressed'
    with BagWriter(path) as bag:
        for number, picture in enumerate(moving_pictures(count, height=height, width=width)):
            stamp = {'stamp_ns': FIRST_STAMP_NS + number * _PERIOD_NS, 'frame_id': 'front'}
            if compressed:
                jpeg = cv2.imencode('.jpg', picture)[1].tobytes()
                cdr = compressed_cdr(jpeg, file_format='jpeg', **stamp)
            else:
                cdr = image_cdr(picture, encoding='bgr8', **stamp)
            bag.write(topic, kind, stamp['stamp_ns'], cdr)
    return path


def measure_speed(
    model: str, *, batch: int, frames: int, rounds: int, say: Callable[[str], None]
) -> dict[str, object]:
    """
    Evaluate raw images of 1280x720 pixels and time the engine alone, in turn, in this process.

    Bags are evaluated with all measures, and without optical flow.

    :returns: each turn's frames/s, the shares of the engine's median that the evaluations' medians
        are, and the median times of a frame in each stage, of which many run at once
    """
    flow = {'evaluation': True, 'without_flow': False}
    turns: dict[str, list[float]] = {name: [] for name in ('engine', *flow)}
    with TemporaryDirectory(prefix='benchmark-') as folder:
        bag = write_bag(Path(folder) / 'bag', frames, height=720, width=1280, compressed=False)
        os.sync()  # else the system would write it out meanwhile
        for number in range(rounds):
            measured = benchmark(
                BenchmarkSettings(
                    model=Path(model),
                    contenders=(Contender('auto', 'auto'),),
                    batches=(batch,),
                    rounds=4,
                    seconds=0.5,
                )
            )
            row = measured['batches'][0]['contenders'][0]
            turns['engine'].append(row['frames_per_second'])
            for name, consistency in flow.items():
                report = evaluate_bags(
                    EvaluationConfig(
                        bags=(bag,),
                        output=Path(folder) / f'{name}{number}',
                        model=Path(model),
                        engine=EngineChoice(batch=batch),
                        outputs=OutputChoice(consistency=consistency),
                    )
                )
                turns[name].append(report['timings']['frames_per_second'])
            figures = ', '.join(f'{name} {rates[-1]:.1f}' for name, rates in turns.items())
            say(f'turn {number + 1} of {rounds}: {figures} frames/s')
        stages = _stages(Path(folder) / 'evaluation0' / 'timings.jsonl')
    medians = {name: statistics.median(rates) for name, rates in turns.items()}
    shares = {name: round(100 * medians[name] / medians['engine'], 1) for name in flow}
    return {
        'images': '1280x720 bgr8 in MCAP',
        'frames': frames,
        'batch': batch,
        'backend': row['backend'],
        'precision': row['precision'],
        **{f'{name}_frames_per_second': rates for name, rates in turns.items()},
        'stages_ms': stages,
        'percent_of_engine': shares['evaluation'],
        'percent_of_engine_without_flow': shares['without_flow'],
        'least_percent': _PERCENT,
        'passed': shares['evaluation'] >= _PERCENT,
    }


def _stages(timings: Path) -> dict[str, float]:
    """Return the median milliseconds of a frame in each stage; of its batch, its share."""
    rows = [json.loads(line) for line in timings.read_text(encoding='utf-8').splitlines()]
    return {
        'decoding': round(statistics.median(row['decode_ms'] for row in rows), 3),
        'engine': round(statistics.median(row['infer_ms'] / row['batch'] for row in rows), 3),
        'analysis': round(statistics.median(row['analysis_ms'] for row in rows), 3),
    }


def measure_memory(
    model: str, *, counts: tuple[int, int], say: Callable[[str], None]
) -> dict[str, object]:
    """
    Evaluate a short and a long bag of 320x240 pixels, each in a process of its own.

    :param counts: frames of the short bag and of the long one
    :returns: the most memory that each was resident in, MiB, and the difference
    :raises OSError: if an evaluation fails
    """
    peaks = []
    for count in counts:
        with TemporaryDirectory(prefix='benchmark-') as folder:
            bag = write_bag(Path(folder) / 'bag', count, height=240, width=320, compressed=True)
            options = (str(bag), '--model', model, '--output', f'{folder}/out')
            command = [sys.executable, '-c', _EVALUATE, *options]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise OSError(f'evaluate_bag ended with exit code {done.returncode}')
        peaks.append(round(int(done.stdout.split()[-1]) / 1024, 1))
        say(f'{count} frames: {peaks[-1]} MiB')
    return {
        'images': '320x240 JPEG in MCAP, all measures',
        'frames': list(counts),
        'peak_mib': peaks,
        'growth_mib': round(peaks[1] - peaks[0], 1),
        'most_growth_mib': _MEBIBYTES,
        'passed': peaks[1] - peaks[0] <= _MEBIBYTES,
    }


def describe() -> dict[str, object]:
    """Say what it was measured on."""
    return {'machine': describe_machine(), 'versions': versions(PACKAGES)}
