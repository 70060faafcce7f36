"""Evaluate bags, and again as a node answers them over DDS in real time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from roadseg_core.bags.records import SourceError
from roadseg_core.evaluation.drives.cameras import find_cameras
from roadseg_core.evaluation.drives.one_bag import possible_truth
from roadseg_core.evaluation.fleet.parts import part_folder
from roadseg_core.evaluation.live.figures import live_figures
from roadseg_core.evaluation.live.scores import live_scores
from roadseg_core.evaluation.results.report import exit_code
from roadseg_core.evaluation.run import evaluate_bags, forget_earlier
from roadseg_core.evaluation.settings.conditions import check
from roadseg_core.evaluation.settings.config import EvaluationConfig
from roadseg_core.evaluation.settings.values import EvaluationError
from roadseg_core.files import default_model
from roadseg_core.model_file import ModelFileError, read_model_info
from roadseg_core.sources.opening import open_reader


def evaluate_live(config: EvaluationConfig, *, say: Callable[[str], None]) -> dict[str, object]:
    """
    Evaluate the bags without DDS, then play them to the node, and report both.

    The report is that of the evaluation, with the node's frames, latencies and accuracy in the
    place of its own, which go to ``offline``, and a section ``live``: what became of every frame
    that was sent, and what the network and the scheduling cost.

    :param config: the cameras' bags must have the same topics
    :returns: report.json
    :raises EvaluationError: if it could not run
    """
    model = Path(config.model or default_model()).resolve()
    config = config.model_copy(update={'model': model})
    forget_earlier(config.output)
    _prepare(config)
    return evaluate_bags(
        _as_the_node_batches(config),
        say=say,
        complete=lambda report: _played(config, report, say=say),
    )


def _played(
    config: EvaluationConfig, report: dict, *, say: Callable[[str], None]
) -> dict[str, object]:
    """Play the bags that could be read, and return the report of both."""
    from roadseg_ros.live.run import LivePlan, play_live

    entries = {Path(bag['path']): bag for bag in report['bags'] if bag['status'] != 'failed'}
    parts = {path: part_folder(path, config.output) for path in entries}
    cameras = _cameras(entries)
    start, end = config.range.start_seconds, config.range.end_seconds
    plan = LivePlan(
        drives={part.name: path for path, part in parts.items()},
        cameras=cameras,
        output=config.output,
        model=config.model,
        engine=config.engine,
        choice=config.live,
        playing=(f'--start={start}', *([] if end is None else [f'--end={end}'])),
    )
    run = play_live(plan, say=say)
    scores = live_scores(run, config.truth, list(cameras), parts=parts)
    return _with_live(config, report, live_figures(run), scores)


def _with_live(
    config: EvaluationConfig, report: dict, figures: dict, scores: dict | None
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
        'rate': config.live.rate,
        'clock_hz': config.live.clock_hz,
        'fps_cap': config.live.fps,
        'started_here': config.live.node is None,
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
    if config.truth:
        report['scores'] = scores
    report['conditions'] = check(report, config.conditions)
    report['exit_code'] = 2 if figures['problems'] else exit_code(report)
    return report


def _as_the_node_batches(config: EvaluationConfig) -> EvaluationConfig:
    """Take a batch of a frame of each camera, so that times can be compared with the node's."""
    if config.engine.batch:
        return config
    try:
        with open_reader(config.bags[0]) as bag:
            cameras, _ = find_cameras(bag.topics, config.cameras, possible_truth(config, bag))
        limit = read_model_info(config.model).max_batch
    except SourceError:
        return config  # its evaluation will say why
    except ModelFileError as error:
        raise EvaluationError(str(error)) from error
    batch = {'batch': min(limit, len(cameras))}
    return config.model_copy(update={'engine': config.engine.model_copy(update=batch)})


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


def _prepare(config: EvaluationConfig) -> None:
    """
    Set what ROS reads of the environment once it is loaded, and look for the node.

    :raises EvaluationError: if a node is named and there is none
    """
    from roadseg_ros.live.processes import prepare_run

    config.output.mkdir(parents=True, exist_ok=True)
    # The domain of a node that runs already is the user's to name.
    own_domain = config.live.node is None
    prepare_run(config.output.resolve(), own_domain=own_domain)
    if config.live.node is not None:
        from roadseg_ros.live.node import FoundNode

        FoundNode(config.live.node).close()  # before a long evaluation
