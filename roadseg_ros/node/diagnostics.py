"""What the node says on /diagnostics."""

from __future__ import annotations

import platform

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from roadseg_ros.node.statistics import Rate
from roadseg_ros.node.worker import BUILDING, FAILED, READY, Worker

_LOST = ('bad', 'failed', 'stale')
"""Causes that are never part of healthy work, unlike a frame replaced by a newer one."""


def idle_status(node_name: str, state: str) -> DiagnosticStatus:
    """Describe a node that is not active; ``state`` is its lifecycle state."""
    return _status(
        f'{node_name}: engine', DiagnosticStatus.WARN, f'node is {state}', {'state': 'STOPPED'}
    )


class WorkerDiagnostics:
    """
    Turn a worker's state into diagnostics.

    :param node_name: fully qualified name of the node, without the leading slash
    """

    def __init__(self, node_name: str, worker: Worker, cameras: tuple[str, ...]) -> None:
        self._name = node_name
        self._worker = worker
        self._rates = {camera: (Rate(), Rate()) for camera in cameras}
        self._lost = {camera: dict.fromkeys(_LOST, 0) for camera in cameras}

    def statuses(self, now: float) -> list[DiagnosticStatus]:
        """Return the engine's status and one a camera; ``now`` in steady seconds."""
        return [self._engine(now), *self._cameras(now)]

    def _engine(self, now: float) -> DiagnosticStatus:
        worker = self._worker
        status = worker.status
        p50, p99 = worker.runner.inference.percentiles_ms((50, 99))
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
            'batches': worker.runner.batches,
            'mean_batch': f'{worker.runner.frames / max(1, worker.runner.batches):.2f}',
        }
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
        return _status(f'{self._name}: engine', level, message, values)

    def _cameras(self, now: float) -> list[DiagnosticStatus]:
        worker, statuses = self._worker, []
        for camera, counts in worker.accounts().items():
            rate_in, rate_out = self._rates[camera]
            fps_in = rate_in.update(counts['received'], now)
            fps_out = rate_out.update(counts['processed'], now)
            p50, p99 = worker.runner.latencies[camera].percentiles_ms((50, 99))
            height, width, encoding = worker.runner.formats.get(camera, (0, 0, ''))
            level, message = DiagnosticStatus.OK, f'{fps_out:.1f} of {fps_in:.1f} frames/s'
            if not counts['received']:
                level, message = DiagnosticStatus.WARN, 'no frame received yet'
            elif fps_in == 0.0:
                level, message = DiagnosticStatus.WARN, 'no frames'
            lost = {cause: counts[cause] - before for cause, before in self._lost[camera].items()}
            self._lost[camera] = {cause: counts[cause] for cause in _LOST}
            if any(lost.values()):
                # A camera of which nothing gets through is worse than one with a bad frame.
                level = DiagnosticStatus.WARN if fps_out else DiagnosticStatus.ERROR
                message += ''.join(f', {count} {cause}' for cause, count in lost.items() if count)
                if lost['bad']:
                    message += f': {worker.runner.last_errors[camera]}'
            statuses.append(
                _status(
                    f'{self._name}: camera {camera}',
                    level,
                    message,
                    {
                        **counts,
                        'fps_in': f'{fps_in:.2f}',
                        'fps_out': f'{fps_out:.2f}',
                        'latency_ms_p50': f'{p50:.2f}',
                        'latency_ms_p99': f'{p99:.2f}',
                        'width': width,
                        'height': height,
                        'encoding': encoding,
                        'last_error': worker.runner.last_errors[camera],
                    },
                )
            )
        return statuses


def _status(name: str, level: bytes, message: str, values: dict) -> DiagnosticStatus:
    return DiagnosticStatus(
        level=level,
        name=name,
        message=message,
        hardware_id=platform.node(),
        values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
    )
