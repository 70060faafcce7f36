"""Make the statuses that the node publishes on /diagnostics."""

from __future__ import annotations

import platform

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from roadseg_core.engines.statistics import Rate, Window
from roadseg_ros.node.worker import BUILDING, FAILED, READY, STOPPED, Worker

_LOST = ('bad', 'failed', 'stale', 'incomplete', 'withheld')
"""Causes that are never part of healthy work, unlike a frame replaced by a newer one."""


def idle_status(node_name: str, state: str) -> DiagnosticStatus:
    """Describe a node that is not active; ``state`` is its lifecycle state."""
    return _status(
        f'{node_name}: engine', DiagnosticStatus.WARN, f'node is {state}', {'state': 'STOPPED'}
    )


def transport_status(node_name: str, problem: str | None) -> DiagnosticStatus:
    """Describe how images come to the node and leave it."""
    level = DiagnosticStatus.ERROR if problem else DiagnosticStatus.OK
    return _status(f'{node_name}: transport', level, problem or 'as set up', {})


class WorkerDiagnostics:
    """
    Turn a worker's state into diagnostics.

    :param node_name: fully qualified name of the node, without the leading slash
    """

    def __init__(self, node_name: str, worker: Worker) -> None:
        self._name = node_name
        self._worker = worker
        self._cameras = {camera: _Camera(worker, camera) for camera in worker.figures}

    def statuses(self, now: float) -> list[DiagnosticStatus]:
        """Return the engine's status and one per camera; ``now`` in steady seconds."""
        statuses = [_status(f'{self._name}: engine', *self._engine(now))]
        for camera, counts in self._worker.accounts().items():
            described = self._cameras[camera].described(counts, now)
            statuses.append(_status(f'{self._name}: camera {camera}', *described))
        return statuses

    def _engine(self, now: float) -> tuple[bytes, str, dict]:
        worker = self._worker
        status, inference = worker.status, worker.inference
        p50, p99 = inference.latencies.percentiles_ms((50, 99))
        values = {'state': status.state, 'seconds': f'{now - status.since:.1f}'}
        if worker.opened is not None:
            description, info = worker.opened
            values |= {
                'backend': description.backend,
                'device': description.device,
                'precision': description.precision,
                'threads': description.threads,
                'version': description.version,
                'model': info.path.name,
                'model_sha256': info.sha256,
                'licence': info.licence,
            }
        values |= {
            'inference_ms_p50': f'{p50:.2f}',
            'inference_ms_p99': f'{p99:.2f}',
            'batches': inference.batches,
            'mean_batch': f'{inference.frames / max(1, inference.batches):.2f}',
        }
        values |= {f'{stage}_seconds': f'{took:.3f}' for stage, took in worker.stages.items()}
        enough, values['engine_rate'] = worker.rate_compared()
        values['engine_rate_covers'] = str(enough).lower()
        if status.error:
            values['error'] = status.error
        building = f'BUILDING for {now - status.since:.0f} s: frames are not processed yet'
        if status.state == BUILDING and status.progress:
            values['progress'] = status.progress
            building += f' ({status.progress})'
        level, message = {
            READY: (DiagnosticStatus.OK, 'ready'),
            BUILDING: (DiagnosticStatus.WARN, building),
            FAILED: (DiagnosticStatus.ERROR, f'failed: {status.error}'),
        }.get(status.state, (DiagnosticStatus.WARN, 'stopped'))
        return level, message, values


class _Camera:
    """Describe one camera by what comes out of the node for it."""

    def __init__(self, worker: Worker, name: str) -> None:
        self._worker = worker
        self._name = name
        self._rate_in, self._rate_out = Rate(), Rate()
        self._window = Window()
        self._lost = dict.fromkeys(_LOST, 0)

    def described(self, counts: dict[str, int], now: float) -> tuple[bytes, str, dict]:
        figures = self._worker.figures[self._name]
        fps_in = self._rate_in.update(counts['received'], now)
        fps_out = self._rate_out.update(counts['processed'], now)
        level, message = self._level(counts, now, f'{fps_out:.1f} of {fps_in:.1f} frames/s')
        counts = {**counts, 'incomplete': figures.incomplete, 'withheld': figures.withheld}
        lost = {cause: counts[cause] - before for cause, before in self._lost.items()}
        self._lost = {cause: counts[cause] for cause in _LOST}
        if any(lost.values()):
            level = max(level, DiagnosticStatus.WARN)
            message += ''.join(f', {count} {cause}' for cause, count in lost.items() if count)
            if lost['bad'] or lost['incomplete']:
                message += f': {figures.last_error}'
        problem = self._worker.ground.problems.get(self._name, '')
        if problem:
            level = max(level, DiagnosticStatus.WARN)
            message += f'; not in the road grid: {problem}'
        p50, p99 = figures.latencies.percentiles_ms((50, 99))
        height, width, encoding = figures.format
        values = {
            **counts,
            'fps_in': f'{fps_in:.2f}',
            'fps_out': f'{fps_out:.2f}',
            'latency_ms_p50': f'{p50:.2f}',
            'latency_ms_p99': f'{p99:.2f}',
            'stamp_age': f'{figures.stamp_age:.3f}',
            'width': width,
            'height': height,
            'encoding': encoding,
            'last_error': figures.last_error,
            'road_grid_problem': problem,
        }
        return level, message, values

    def _level(self, counts: dict[str, int], now: float, rates: str) -> tuple[bytes, str]:
        """Say whether what comes out is what is due, over the last while."""
        worker, settings = self._worker, self._worker.settings
        heard, three_intervals = worker.arrivals(self._name)
        while_ = max(settings.camera_timeout, three_intervals)
        figures = worker.figures[self._name]
        whole = counts['processed'] - figures.incomplete - figures.withheld
        seconds, (arrived, out) = self._window.update((counts['received'], whole), now, while_)
        if worker.status.state == STOPPED:
            return DiagnosticStatus.WARN, 'the node does not listen'
        if heard is None:
            return DiagnosticStatus.WARN, 'no frame received yet'
        if now - heard > while_:
            return DiagnosticStatus.ERROR, f'no frame for {now - heard:.1f} s'
        due = min(arrived, settings.fps * seconds)
        # The newest frame can still be on its way.
        missing = due - out if due - out > 1.0 else 0.0
        if worker.status.state == FAILED or (missing and out <= 0):
            return DiagnosticStatus.ERROR, f'no output: {rates}'
        if missing > (1.0 - settings.least_output) * due:
            return DiagnosticStatus.WARN, f'too little output: {rates}'
        return DiagnosticStatus.OK, rates


def _status(name: str, level: bytes, message: str, values: dict) -> DiagnosticStatus:
    return DiagnosticStatus(
        level=level,
        name=name,
        message=message,
        hardware_id=platform.node(),
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )
