"""Evaluate bags, and again as a node answers them over DDS in real time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from roadseg_core.bags.reader import BagReader
from roadseg_core.bags.records import BagError
from roadseg_core.evaluation.drives.cameras import find_cameras
from roadseg_core.evaluation.drives.one_bag import Progress, part_folder, possible_truth
from roadseg_core.evaluation.drives.report import exit_code
from roadseg_core.evaluation.drives.run import evaluate_bags, forget_earlier
from roadseg_core.evaluation.drives.segmenting import shipped_model
from roadseg_core.evaluation.live.figures import live_figures
from roadseg_core.evaluation.live.scores import live_scores
from roadseg_core.evaluation.settings.conditions import check
from roadseg_core.evaluation.settings.scenario import EngineChoice, LiveChoice
from roadseg_core.evaluation.settings.settings import EvaluationError, Settings
from roadseg_core.model_file import ModelFileError, read_model_info


def evaluate_live(
    settings: Settings,
    choice: LiveChoice,
    *,
    say: Callable[[str], None],
    progress: Progress | None = None,
) -> dict[str, object]:
    """
    Evaluate the bags without DDS, then play them to the node, and report both.

    The report is that of the evaluation, with the node's frames, latencies and accuracy in the
    place of its own, which go to ``offline``, and a section ``live``: what became of every frame
    that was sent, and what the network and the scheduling cost.

    :param settings: the cameras' bags must have the same topics
    :returns: report.json
    :raises EvaluationError: if it could not run
    """
    settings = replace(settings, model=str(Path(settings.model or shipped_model()).resolve()))
    forget_earlier(settings.output)
    _prepare(settings, choice)
    return evaluate_bags(
        _as_the_node_batches(settings),
        progress=progress,
        say=say,
        complete=lambda report: _played(settings, choice, report, say=say),
    )


def _played(
    settings: Settings, choice: LiveChoice, report: dict, *, say: Callable[[str], None]
) -> dict[str, object]:
    """Play the bags that could be read, and return the report of both."""
    from roadseg_ros.live.run import LivePlan, play_live

    entries = {Path(bag['path']): bag for bag in report['bags'] if bag['status'] != 'failed'}
    parts = {path: part_folder(path, settings.output) for path in entries}
    cameras = _cameras(entries)
    end = [] if settings.end is None else [f'--end={settings.end}']
    plan = LivePlan(
        drives={part.name: path for path, part in parts.items()},
        cameras=cameras,
        output=settings.output,
        model=Path(settings.model),
        engine=EngineChoice(
            settings.backend, settings.device, settings.precision, settings.threads
        ),
        choice=choice,
        playing=(f'--start={settings.start}', *end),
    )
    run = play_live(plan, say=say)
    scores = live_scores(run, settings.truth, list(cameras), parts=parts)
    return _with_live(settings, choice, report, live_figures(run), scores)


def _with_live(
    settings: Settings, choice: LiveChoice, report: dict, figures: dict, scores: dict | None
) -> dict[str, object]:
    """Put the live figures where conditions and readers look for them."""
    total, engine, model = figures['frames']['total'], figures['engine'], report['model']
    if engine and engine.get('model_sha256', model['sha256']) != model['sha256']:
        figures['problems'].append(
            f'the node runs another model ({engine["model"]}) than was evaluated '
            f'({model["path"]}); name the same: --model'
        )
    report['offline'] = {name: report[name] for name in ('scores', 'timings', 'frames')}
    report['live'] = {
        'rate': choice.rate,
        'clock_hz': choice.clock_hz,
        'fps_cap': choice.fps,
        'started_here': choice.node is None,
        **figures,
        'without_dds_ms': {
            share: report['timings'][f'latency_ms_{share}'] for share in ('p50', 'p99')
        },
    }
    report['timings'] = {
        **report['timings'],
        'latency_ms_p50': figures['end_to_end_ms']['p50'],
        'latency_ms_p99': figures['end_to_end_ms']['p99'],
        'frames_per_second': figures['fps']['total'],
    }
    report['frames'] = {**report['frames'], 'dropped': total['sent'] - total['recorded']}
    if settings.truth:
        report['scores'] = scores
    outcomes = check(report, settings.conditions)
    report['conditions'] = [outcome.to_dict() for outcome in outcomes]
    report['exit_code'] = 2 if figures['problems'] else exit_code(report)
    return report


def _as_the_node_batches(settings: Settings) -> Settings:
    """Take a batch of a frame of each camera, so that times can be compared with the node's."""
    if settings.batch:
        return settings
    try:
        with BagReader(settings.bags[0]) as bag:
            cameras, _ = find_cameras(bag.topics, settings.cameras, possible_truth(settings, bag))
        limit = read_model_info(Path(settings.model)).max_batch
    except BagError:
        return settings  # its evaluation will say why
    except ModelFileError as error:
        raise EvaluationError(str(error)) from error
    return replace(settings, batch=min(limit, len(cameras)))


def _cameras(entries: dict[Path, dict]) -> dict[str, str]:
    """Return topic by camera; one node plays all the bags, so they must have the same."""
    found = {
        path: {name: camera['topic'] for name, camera in entry['cameras'].items()}
        for path, entry in entries.items()
    }
    if not found:
        raise EvaluationError('no bag can be read, so there is nothing to play')
    first, cameras = next(iter(found.items()))
    for path, others in found.items():
        if others != cameras:
            raise EvaluationError(
                f'{first} has the cameras {cameras}, and {path} has {others}; bags that are '
                'played in one call must have the same: play them in several'
            )
    return cameras


def _prepare(settings: Settings, choice: LiveChoice) -> None:
    """
    Set what ROS reads of the environment once it is loaded, and look for the node.

    :raises EvaluationError: if a node is named and there is none
    """
    from roadseg_ros.live.processes import prepare_run

    settings.output.mkdir(parents=True, exist_ok=True)
    # The domain of a node that runs already is the user's to name.
    own_domain = choice.node is None
    prepare_run(settings.output.resolve(), own_domain=own_domain)
    if choice.node is not None:
        from roadseg_ros.live.node import FoundNode

        FoundNode(choice.node).close()  # before a long evaluation
