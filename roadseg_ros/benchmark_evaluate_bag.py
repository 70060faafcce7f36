"""Measure evaluate_bag: ``ros2 run roadseg_ros benchmark_evaluate_bag --output FILE.json``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from roadseg_core.benchmarking.drives import describe, measure_memory, measure_speed
from roadseg_core.command_line import add_option
from roadseg_core.engines import EngineError
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.files import default_model, write_json
from roadseg_core.machine import tune_malloc
from roadseg_core.model_file import ModelFileError, read_model_info


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0: fast and small enough; 1: not; 2: it could not run."""
    options = _parser().parse_args(arguments)
    tune_malloc()  # as evaluate_bag itself
    try:
        model = options.model or str(default_model())
        info = read_model_info(model)
        found = {**describe(), 'model': {'file': info.path.name, 'sha256': info.sha256}}
        batch = options.batch or info.max_batch
        if options.frames:
            found['speed'] = measure_speed(
                model, batch=batch, frames=options.frames, rounds=options.rounds, say=print
            )
        if options.long:
            found['memory'] = measure_memory(model, counts=(options.short, options.long), say=print)
        if options.output:
            write_json(options.output, found)
    except (EngineError, EvaluationError, ModelFileError, OSError, ValueError) as error:
        print(f'benchmark_evaluate_bag: {error}', file=sys.stderr)
        return 2
    parts = [found[name] for name in ('speed', 'memory') if name in found]
    if 'speed' in found:
        print(
            f'evaluation at {found["speed"]["percent_of_engine"]} % of the engine alone, without '
            f'optical flow at {found["speed"]["percent_of_engine_without_flow"]} %; '
            f'expected {found["speed"]["least_percent"]} % or more'
        )
    if 'memory' in found:
        print(
            f'{options.long} frames take {found["memory"]["growth_mib"]} MiB more than '
            f'{options.short}; expected {found["memory"]["most_growth_mib"]} MiB or less'
        )
    return 0 if all(part['passed'] for part in parts) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='benchmark_evaluate_bag',
        description='Measure how fast bags are evaluated, against '
        'the engine alone in the same run, and whether memory grows with their length.',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='examples:\n'
        '  benchmark_evaluate_bag --output docs/benchmarks/evaluate_bag.json\n'
        '  benchmark_evaluate_bag --frames 300 --rounds 1 --long 0',
    )
    add = partial(add_option, parser)
    add('--model', 'model file (default: the one shipped)', '')
    add('--batch', 'frames in a batch; 0: as many as the model takes', 0)
    add('--frames', '1280x720 frames of the speed bag; 0: no speed', 900)
    add('--rounds', 'turns of engine and evaluation', 3)
    add('--short', '320x240 frames of the short bag', 500)
    add('--long', '320x240 frames of the long bag; 0: no memory', 10_000)
    add('--output', 'also write the figures as JSON here (default: nowhere)', Path)
    return parser


if __name__ == '__main__':
    sys.exit(main())
