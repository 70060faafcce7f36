"""The scenario file: what is evaluated, and what must come out."""

from __future__ import annotations

from dataclasses import dataclass, field
import os
from pathlib import Path
import re

from roadseg_core.engines import BACKENDS
from roadseg_ros.evaluation.conditions import Condition, parse_condition
from roadseg_ros.evaluation.strict_yaml import load_mapping, Section, YamlError
from roadseg_ros.evaluation.verdict import parse_rule, Rule

FORMAT = 1
"""The format of scenario files that this version reads."""

_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_]*')


class ScenarioError(YamlError):
    """A scenario that cannot be run; the message names the file, the key and the reason."""


@dataclass(frozen=True)
class EngineChoice:
    """What runs the model; as the node's parameters of these names."""

    backend: str = 'auto'
    precision: str = 'auto'
    threads: int = 0


@dataclass(frozen=True)
class TruthChoice:
    """
    Where the true label images are.

    :param topics: topic by camera, in the bag
    :param folder: folder of label images; None for topics
    :param key: ``stamp`` or ``index``: what the files of the folder are named by
    :param slop_seconds: how far the stamps of image and truth may lie apart
    """

    topics: dict[str, str] = field(default_factory=dict)
    folder: Path | None = None
    key: str = 'stamp'
    slop_seconds: float = 0.0


@dataclass(frozen=True)
class ComparisonChoice:
    """
    How two models are compared.

    :param against: the model file to compare with
    :param rule: what must hold of the differences for the model to be accepted
    :param block_seconds: length of the blocks that are drawn
    """

    against: Path
    rule: tuple[Rule, ...] = ()
    confidence: float = 0.95
    block_seconds: float = 2.0
    resamples: int = 2000
    seed: int = 0
    pictures: int = 6


@dataclass(frozen=True)
class LiveChoice:
    """
    How bags are played to a running node.

    :param rate: speed, 1 for as recorded
    :param clock_hz: rate of /clock, 0 for none
    :param fps: the node's cap; None for the rate of the bag
    :param node: name of a node that runs already; None to start one
    """

    rate: float = 1.0
    clock_hz: float = 100.0
    fps: float | None = None
    node: str | None = None


@dataclass(frozen=True)
class Scenario:
    """
    Hold a scenario file, checked.

    :param bags: bags, in the order of the file
    :param cameras: image topic by camera; empty to find them
    :param model: None for the one shipped
    :param start_seconds: where to begin, after the bag's first message
    :param end_seconds: where to end; None for the end of the bag
    :param every: take every n-th frame
    """

    path: Path
    name: str
    bags: tuple[Path, ...]
    description: str = ''
    cameras: dict[str, str] = field(default_factory=dict)
    model: Path | None = None
    engine: EngineChoice = EngineChoice()
    truth: TruthChoice | None = None
    start_seconds: float = 0.0
    end_seconds: float | None = None
    every: int = 1
    conditions: tuple[Condition, ...] = ()
    comparison: ComparisonChoice | None = None
    live: LiveChoice | None = None


def read_scenario(path: Path) -> Scenario:
    """
    Read and check a scenario file.

    Paths in it count from the file's own folder; ``$NAME`` and ``~`` are replaced.

    :raises ScenarioError: naming what was found, where, and what was expected
    """
    try:
        return _scenario(path, load_mapping(path))
    except ScenarioError:
        raise
    except YamlError as error:
        raise ScenarioError(str(error)) from error


def _scenario(path: Path, top: Section) -> Scenario:
    version = top.whole('format')
    if version != FORMAT:
        raise top.error('format', f'{version}; this version reads {FORMAT}')
    folder = path.resolve().parent
    name = top.text('name', path.stem)
    bags = tuple(_existing(top, f'bags[{number}]', folder, text)
                 for number, text in enumerate(top.texts('bags')))
    if not bags:
        raise top.error('bags', 'is empty; expected the folder or file of one bag or more')
    if len(set(bags)) != len(bags):
        raise top.error('bags', 'names a bag twice')
    model = top.text('model', None)
    scenario = Scenario(
        path=path, name=name, bags=bags, description=top.text('description', ''),
        cameras=_topics(top, 'cameras'),
        model=_existing(top, 'model', folder, model) if model else None,
        engine=_engine(top.section('engine')), truth=_truth(top.section('truth'), folder),
        **_range(top.section('range')),
        conditions=top.parsed('conditions', parse_condition, ()),
        comparison=_comparison(top.section('comparison'), folder),
        live=_live(top.section('live')))
    top.finish()
    return scenario


def _existing(section: Section, key: str, folder: Path, text: str) -> Path:
    expanded = os.path.expandvars(os.path.expanduser(text))
    if '$' in expanded:
        raise section.error(key, f'{text!r} names an environment variable that is not set')
    path = Path(os.path.normpath(folder / expanded))
    if not path.exists():
        raise section.error(key, f'{path} does not exist')
    return path


def _topics(section: Section, key: str) -> dict[str, str]:
    """Take a mapping of camera to topic."""
    inner = section.section(key)
    if inner is None:
        return {}
    topics = {}
    for camera in inner.keys():
        if not isinstance(camera, str) or not _NAME.fullmatch(camera):
            raise section.error(key, f'{camera!r} is no name of a camera; expected a letter, '
                                     'then letters, digits or _')
        topics[camera] = inner.text(camera)
        if not topics[camera].startswith('/'):
            raise inner.error(camera, f'{topics[camera]!r}; expected a full topic name, such as '
                                      f'/camera/{camera}/image_raw')
    return topics


def _engine(section: Section | None) -> EngineChoice:
    if section is None:
        return EngineChoice()
    choice = EngineChoice(
        backend=section.text('backend', 'auto', choices=BACKENDS),
        precision=section.text('precision', 'auto', choices=('auto', 'fp32', 'bf16', 'fp16')),
        threads=section.whole('threads', 0, least=0, most=256))
    section.finish()
    return choice


def _truth(section: Section | None, folder: Path) -> TruthChoice | None:
    if section is None:
        return None
    topics = _topics(section, 'topics')
    name = section.text('folder', None)
    if bool(topics) == bool(name):
        raise YamlError(f'{section.place}: expected either topics (CAMERA: TOPIC) or folder')
    choice = TruthChoice(
        topics, _existing(section, 'folder', folder, name) if name else None,
        section.text('key', 'stamp', choices=('stamp', 'index')),
        section.number('slop_seconds', 0.0, least=0.0, most=10.0))
    section.finish()
    return choice


def _range(section: Section | None) -> dict[str, object]:
    if section is None:
        return {}
    values = {'start_seconds': section.number('start_seconds', 0.0, least=0.0),
              'end_seconds': section.number('end_seconds', None, above=0.0),
              'every': section.whole('every', 1, least=1)}
    if values['end_seconds'] is not None and values['end_seconds'] <= values['start_seconds']:
        raise section.error('end_seconds', f'{values["end_seconds"]:g} does not lie after '
                                           f'start_seconds, {values["start_seconds"]:g}')
    section.finish()
    return values


def _comparison(section: Section | None, folder: Path) -> ComparisonChoice | None:
    if section is None:
        return None
    choice = ComparisonChoice(
        against=_existing(section, 'against', folder, section.text('against')),
        rule=section.parsed('rule', parse_rule, ()),
        confidence=section.number('confidence', 0.95, least=0.5, most=0.999),
        block_seconds=section.number('block_seconds', 2.0, above=0.0, most=3600.0),
        resamples=section.whole('resamples', 2000, least=100, most=100_000),
        seed=section.whole('seed', 0, least=0),
        pictures=section.whole('pictures', 6, least=0, most=50))
    section.finish()
    return choice


def _live(section: Section | None) -> LiveChoice | None:
    if section is None:
        return None
    choice = LiveChoice(
        rate=section.number('rate', 1.0, above=0.0, most=100.0),
        clock_hz=section.number('clock_hz', 100.0, least=0.0, most=1000.0),
        fps=section.number('fps', None, least=0.1, most=240.0),
        node=section.text('node', None))
    section.finish()
    return choice
