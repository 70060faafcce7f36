"""Read scenario files."""

from __future__ import annotations

import os
import re
from pathlib import Path

from roadseg_core.engines import BACKENDS
from roadseg_core.evaluation.compare.verdict import parse_rule
from roadseg_core.evaluation.settings.conditions import parse_condition
from roadseg_core.evaluation.settings.scenario import (
    ComparisonChoice,
    EngineChoice,
    LiveChoice,
    OutputChoice,
    Scenario,
    ScenarioError,
)
from roadseg_core.evaluation.settings.settings import ANNOTATED_STORAGES, TRUTH_KEYS, Truth
from roadseg_core.evaluation.settings.strict_yaml import Section, YamlError, load_mapping

FORMAT = 1
"""The format of scenario files that this version reads."""

_NAME = re.compile(r'[A-Za-z][A-Za-z0-9_]*')


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
    bags = tuple(
        _existing(top, f'bags[{number}]', folder, text)
        for number, text in enumerate(top.texts('bags'))
    )
    if not bags:
        raise top.error('bags', 'is empty; expected the folder or file of one bag or more')
    if len(set(bags)) != len(bags):
        raise top.error('bags', 'names a bag twice')
    model = top.text('model', None)
    scenario = Scenario(
        path=path,
        name=name,
        bags=bags,
        description=top.text('description', ''),
        cameras=_topics(top, 'cameras'),
        model=_existing(top, 'model', folder, model) if model else None,
        engine=_engine(top.section('engine')),
        truth=_truth(top.section('truth'), folder),
        **_range(top.section('range')),
        road_threshold=top.number('road_threshold', 0.0, least=0.0, most=1.0),
        outputs=_outputs(top.section('outputs')),
        conditions=top.parsed('conditions', parse_condition, ()),
        comparison=_comparison(top.section('comparison'), folder),
        live=_live(top.section('live')),
    )
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


def _topics(section: Section, key: str, *, any_camera: bool = False) -> dict[str, str]:
    """Take a mapping of camera to topic; ``any_camera``: the name ``*`` may stand for all."""
    inner = section.section(key)
    if inner is None:
        return {}
    topics = {}
    for camera in inner.keys():
        named = isinstance(camera, str) and _NAME.fullmatch(camera)
        if not named and not (any_camera and camera == '*'):
            raise section.error(
                key,
                f'{camera!r} is no name of a camera; expected a letter, then letters, digits or _',
            )
        topics[camera] = inner.text(camera)
        if not topics[camera].startswith('/'):
            raise inner.error(
                camera,
                f'{topics[camera]!r}; expected a full topic name, such as '
                f'/camera/{camera}/image_raw',
            )
    return topics


def _engine(section: Section | None) -> EngineChoice:
    if section is None:
        return EngineChoice()
    choice = EngineChoice(
        backend=section.text('backend', 'auto', choices=BACKENDS),
        device=section.text('device', 'auto'),
        precision=section.text('precision', 'auto', choices=('auto', 'fp32', 'bf16', 'fp16')),
        threads=section.whole('threads', 0, least=0, most=256),
        batch=section.whole('batch', 0, least=0, most=256),
    )
    section.finish()
    return choice


def _truth(section: Section | None, folder: Path) -> Truth:
    if section is None:
        return Truth()
    topics = _topics(section, 'topics', any_camera=True)
    name = section.text('folder', None)
    if bool(topics) == bool(name):
        raise YamlError(f'{section.place}: expected either topics (CAMERA: TOPIC) or folder')
    label_map = section.text('label_map', '')
    if Path(label_map).suffix:
        label_map = str(_existing(section, 'label_map', folder, label_map))
    truth = Truth(
        topics=topics,
        folder=_existing(section, 'folder', folder, name) if name else None,
        key=section.text('key', 'stamp', choices=TRUTH_KEYS),
        slop_ns=round(section.number('slop_seconds', 0.0, least=0.0, most=10.0) * 1e9),
        label_map=label_map,
    )
    section.finish()
    return truth


def _range(section: Section | None) -> dict[str, object]:
    if section is None:
        return {}
    values = {
        'start_seconds': section.number('start_seconds', 0.0, least=0.0),
        'end_seconds': section.number('end_seconds', None, above=0.0),
        'every': section.whole('every', 1, least=1),
    }
    if values['end_seconds'] is not None and values['end_seconds'] <= values['start_seconds']:
        raise section.error(
            'end_seconds',
            f'{values["end_seconds"]:g} does not lie after '
            f'start_seconds, {values["start_seconds"]:g}',
        )
    section.finish()
    return values


def _outputs(section: Section | None) -> OutputChoice:
    if section is None:
        return OutputChoice()
    choice = OutputChoice(
        confidence=section.flag('confidence', True),
        consistency=section.flag('consistency', True),
        annotated=section.text('annotated', '', choices=ANNOTATED_STORAGES),
        video=section.flag('video', False),
        pictures=section.whole('pictures', 4, least=0, most=50),
    )
    section.finish()
    return choice


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
        pictures=section.whole('pictures', 6, least=0, most=50),
    )
    section.finish()
    return choice


def _live(section: Section | None) -> LiveChoice | None:
    if section is None:
        return None
    choice = LiveChoice(
        rate=section.number('rate', 1.0, above=0.0, most=100.0),
        clock_hz=section.number('clock_hz', 100.0, least=0.0, most=1000.0),
        fps=section.number('fps', None, least=0.1, most=240.0),
        node=section.text('node', None),
    )
    section.finish()
    return choice
