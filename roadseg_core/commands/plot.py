"""
``roadseg plot``: the curves of training runs, and panels of their results.

    roadseg plot build/training/unet_8 build/training/mobilenet_fcn_0.5 --curves curves.png
    roadseg plot build/training/unet_8 --panels panels.jpg --frames 4
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from roadseg_core.command_line import add_option
from roadseg_core.commands.checks import add_overwrite, refuse_to_replace

HELP = 'draw the curves of training runs, and panels of their results'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    add = partial(add_option, parser)
    runs = 'folder of a run, such as build/training/unet_8'
    add('runs', runs, Path, nargs='+', metavar='RUN')
    add(
        '--curves',
        'losses and figures of all runs over the epochs, as PNG; default: '
        'curves.png beside the first run, unless --panels is given',
        Path,
    )
    panels = "input, truth, prediction, road and errors of each run's best network, as PNG or JPEG"
    add('--panels', panels, Path)
    add('--frames', 'frames of each validation set in the panels', 3)
    add('--width', 'of the panels', 1600, metavar='PIXELS')
    add('--root', 'folder of the data sets for the panels; default: that of the training')
    add_overwrite(parser)


def run(options: argparse.Namespace) -> None:
    """Draw what was asked for and say where it is."""
    import numpy as np

    from roadseg_core.report.training_curves import plot_curves, read_curves
    from roadseg_core.report.training_panels import draw_panels, write_picture

    curves = options.curves
    if curves is None and options.panels is None:
        curves = options.runs[0].parent / 'curves.png'
    refuse_to_replace(options, curves, options.panels)
    if curves:
        plot_curves(curves, [read_curves(folder) for folder in options.runs])
        print(curves)
    if options.panels:
        if options.frames < 1 or options.width < 200:
            raise ValueError(
                f'--frames {options.frames} --width {options.width}; expected at least 1 and 200'
            )
        write_picture(
            options.panels,
            np.concatenate(
                [
                    draw_panels(
                        folder, frames=options.frames, root=options.root, width=options.width
                    )
                    for folder in options.runs
                ]
            ),
        )
        print(options.panels)
