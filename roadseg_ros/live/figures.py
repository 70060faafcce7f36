"""What became of the frames of a live evaluation, and what network and scheduling cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from roadseg_core.evaluation.settings.scenario import LiveChoice

if TYPE_CHECKING:
    from roadseg_ros.live.run import LiveBag


def live_figures(
    played: list[LiveBag], report: dict, choice: LiveChoice, *, node_exit_code: int
) -> dict[str, object]:
    """
    Add up what came of the bags.

    Latency has three parts, differences of medians: the engine; scheduling, what the node takes
    beyond that from arrival to the last output's publication, which is converting, waiting for
    the worker and for other cameras, and sharing the cores; and the network, what lies between
    sending and recording outside the node, both ways. The recorder's clock stops at the label
    image, the node's after the frame's other outputs: a cost of the network below zero says that
    it is less than what those take.

    :param report: of the same frames without DDS
    :returns: the section ``live`` of report.json, and ``label_map``, the node's
    """
    done = [bag for bag in played if bag.accounting is not None]
    frames = _added([bag.accounting.frames for bag in done])
    latencies = np.concatenate([bag.accounting.latencies_ms for bag in done] or [np.empty(0)])
    node = [values for bag in done for values in (bag.node_ms or {}).values()]
    node_ms = {
        'p50': _median([values[0] for values in node]),
        'p99': max((values[1] for values in node), default=None),
    }
    end_to_end = {f'p{share}': _percentile(latencies, share) for share in (50, 99)}
    engine_ms = {
        share: max(
            (
                float(bag.engine[f'inference_ms_{share}'])
                for bag in done
                if bag.engine and f'inference_ms_{share}' in bag.engine
            ),
            default=None,
        )
        for share in ('p50', 'p99')
    }
    without_dds = {share: report['timings'][f'latency_ms_{share}'] for share in ('p50', 'p99')}
    problems = [f'{bag.path}: {problem}' for bag in done for problem in bag.accounting.problems]
    problems += [f'{bag.path} could not be played: {bag.error}' for bag in played if bag.error]
    engine = next((bag.engine for bag in done if bag.engine), None)
    ran = (engine or {}).get('model_sha256', report['model']['sha256'])
    if ran != report['model']['sha256']:
        problems.append(
            f'the node runs another model ({engine["model"]}) than was evaluated '
            f'({report["model"]["path"]}); name the same: --model'
        )
    if node_exit_code:
        problems.append(f'the node ended with exit code {node_exit_code}')
    return {
        'rate': choice.rate,
        'clock_hz': choice.clock_hz,
        'fps_cap': choice.fps,
        'node': played[0].node if played else '',
        'started_here': choice.node is None,
        'engine': engine,
        'frames': frames,
        'fps': _rates(done),
        'end_to_end_ms': end_to_end,
        'node_ms': node_ms,
        'engine_ms': engine_ms,
        'without_dds_ms': without_dds,
        'network_ms': _less(end_to_end['p50'], node_ms['p50']),
        'scheduling_ms': _less(node_ms['p50'], engine_ms['p50']),
        'problems': problems,
        'label_map': next((bag.label_map for bag in done if bag.label_map), None),
    }


def _added(tables: list[dict[str, dict[str, int]]]) -> dict[str, dict[str, int]]:
    total: dict[str, dict[str, int]] = {}
    for table in tables:
        for camera, row in table.items():
            sums = total.setdefault(camera, dict.fromkeys(row, 0))
            for name, count in row.items():
                sums[name] += count
    return total or {'total': {'sent': 0, 'recorded': 0}}


def _rates(played: list[LiveBag]) -> dict[str, float]:
    """Return label images a second by camera: the mean over the bags, as long as each played."""
    rates: dict[str, float] = {}
    weights: dict[str, int] = {}
    for bag in played:
        for camera, rate in bag.accounting.fps.items():
            count = bag.accounting.frames[camera]['recorded']
            rates[camera] = rates.get(camera, 0.0) + rate * count
            weights[camera] = weights.get(camera, 0) + count
    found = {
        camera: round(rate / weights[camera], 2) if weights[camera] else 0.0
        for camera, rate in rates.items()
    }
    return found or {'total': 0.0}


def _percentile(values: np.ndarray, share: float) -> float | None:
    return round(float(np.percentile(values, share)), 3) if len(values) else None


def _median(values: list[float]) -> float | None:
    return round(float(np.median(values)), 3) if values else None


def _less(whole: float | None, part: float | None) -> float | None:
    return None if whole is None or part is None else round(whole - part, 3)
