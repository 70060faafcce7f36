"""Declare the options that several commands share, and refuse what none must take or replace."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from roadseg_core.command_line import add_option
from roadseg_core.files import RECORDING_SUFFIXES, default_model
from roadseg_core.labels import LabelMap

if TYPE_CHECKING:
    from roadseg_core.data.source import FrameSource
    from roadseg_core.engines import Engine


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Declare which engine is opened: ``--backend``, ``--device`` and ``--precision``."""
    add_option(parser, '--backend', 'auto (default), openvino, tensorrt or torch', 'auto')
    add_option(parser, '--device', "device, in the backend's words", 'auto')
    add_option(parser, '--precision', 'auto (default), fp32, bf16, fp16 or int8', 'auto')


def add_model(parser: argparse.ArgumentParser) -> None:
    """Declare a model, the shipped one by default, and the engine that is opened for it."""
    model = 'model file or checkpoint; default: the shipped %(default)s'
    add_option(parser, '--model', model, default_model(), type=Path, metavar='FILE')
    add_engine(parser)


def open_chosen(options: argparse.Namespace, outputs: Sequence[str]) -> Engine:
    """Open the engine of :func:`add_model`."""
    from roadseg_core.engines import open_engine

    return open_engine(
        options.model,
        backend=options.backend,
        device=options.device,
        precision=options.precision,
        outputs=outputs,
    )


def add_data(parser: argparse.ArgumentParser) -> None:
    """Declare the labelled frames of a command: ``--data`` of several data sets, ``--root``."""
    add_option(
        parser,
        '--data',
        'data sets to validate on, each with its options behind it; the split is val by default',
        nargs='+',
        required=True,
        metavar='NAME[:SPLIT]|key=value',
    )
    parser.set_defaults(pairs=[])
    add_option(parser, '--root', 'folder of the data sets (default: $ROADSEG_DATA)')


@dataclass(frozen=True)
class DataChoice:
    """
    Name a data set and how to read it.

    :param root: folder of the data sets
    :param options: of the data set
    """

    name: str
    split: str
    root: Path
    options: dict[str, object]

    def open(self, label_map: LabelMap) -> FrameSource:
        """Open it, with the truth of a label map; ValueError if it or an option is unknown."""
        from roadseg_core.data.dataset import open_source

        return open_source(
            self.name,
            root=self.root,
            split=self.split,
            label_map=label_map,
            options=self.options,
        )


def choose_data(text: str, pairs: Sequence[str], root: str | None) -> DataChoice:
    """
    Read which data set is meant.

    :param text: ``NAME`` or ``NAME:SPLIT``; the split is val by default
    :param pairs: its options, ``key=value``
    :param root: folder of the data sets; None for ``$ROADSEG_DATA``
    :raises ValueError: if there is no such folder, or for what is no option
    """
    from roadseg_core.data.dataset import DRAWN
    from roadseg_core.data.options import read_options
    from roadseg_core.data.source import data_root

    name, _, split = text.partition(':')
    folder = Path() if name in DRAWN else data_root(root)
    return DataChoice(name, split or 'val', folder, read_options(pairs))


def open_data(options: argparse.Namespace, label_map: LabelMap) -> list[FrameSource]:
    """
    Open the data sets of :func:`add_data`.

    :param label_map: of the truth
    :raises ValueError: for unknown data sets and wrong options
    """
    # Each data set has the options that follow it; those behind other arguments are the last one's.
    chosen: list[tuple[str, list[str]]] = []
    for text in (*options.data, *options.pairs):
        if '=' in text and chosen:
            chosen[-1][1].append(text)
        else:
            chosen.append((text, []))
    return [choose_data(*words, options.root).open(label_map) for words in chosen]


def add_overwrite(parser: argparse.ArgumentParser) -> None:
    """Declare ``--overwrite``."""
    add_option(parser, '--overwrite', 'replace files of these names (default: refuse)', False)


def refuse_to_replace(options: argparse.Namespace, *files: Path | None) -> None:
    """
    Refuse to write over files that are there, unless ``--overwrite`` was given.

    :param files: what would be written; None for nothing
    :raises ValueError: for the first that is there
    """
    for file in files:
        if file and file.exists() and not options.overwrite:
            raise ValueError(f'{file} is there; name another file, or replace it by --overwrite')


def refuse_recordings(data: Sequence[str], pairs: Sequence[str]) -> None:
    """
    Refuse recordings in the place of data sets: they have no truth.

    :param data: names of data sets; a folder of such a name is no recording
    :param pairs: what else was given, ``key=value``
    :raises ValueError: says what takes recordings
    """
    for word in (*data, *pairs):
        is_path = '/' in word or ('=' not in word and word not in data)
        if Path(word).suffix.lower() in RECORDING_SUFFIXES or (is_path and Path(word).exists()):
            raise ValueError(
                f'{word} is no data set; label a recording by: roadseg segment {word} --output '
                'FOLDER; judge a model on it by: evaluate_bag (docs/evaluate_bag.md)'
            )
