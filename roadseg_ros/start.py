"""The executables start their programs, and name the command that installs a missing module."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module

from roadseg_core.missing import repair


def _executable(name: str, module: str) -> Callable[[], int]:
    def start() -> int:
        try:
            return import_module(module).main()
        except ModuleNotFoundError as error:
            print(f'{name}: {repair(error)}', file=sys.stderr)
            return 2

    return start


segmentation_node = _executable('segmentation_node', 'roadseg_ros.segmentation_node')
play = _executable('play', 'roadseg_ros.play')
demo = _executable('demo', 'roadseg_ros.demo')
evaluate_bag = _executable('evaluate_bag', 'roadseg_ros.evaluate_bag')
make_truth_bag = _executable('make_truth_bag', 'roadseg_ros.make_truth_bag')
benchmark_evaluate_bag = _executable('benchmark_evaluate_bag', 'roadseg_ros.benchmark_evaluate_bag')
load_test = _executable('load_test', 'roadseg_ros.load_test')
roadseg = _executable('roadseg', 'roadseg_core.cli')
