"""What became of every frame that was sent, and how long it took."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CAUSES = ('processed', 'replaced', 'stale', 'bad', 'failed', 'not_ready', 'pending')
"""What a frame that the node received became; the node's own counters."""

Key = tuple[str, int]
"""Camera and stamp in nanoseconds."""


class AccountingError(ValueError):
    """Frames that cannot be accounted for; the message says why."""


@dataclass(frozen=True)
class Accounting:
    """
    Match what was sent, counted by the node and recorded.

    :param frames: by camera and ``total``: sent, received, the causes, lost_by_dds, recorded
    :param fps: recorded label images a second, by camera and ``total``
    :param latencies_ms: float64 [n], in the order of sending; end to end
    :param cameras_of: camera of each latency
    :param problems: what does not add up; empty if every frame is accounted for
    """

    frames: dict[str, dict[str, int]]
    fps: dict[str, float]
    latencies_ms: np.ndarray
    cameras_of: list[str]
    problems: tuple[str, ...]

    def percentile(self, share: float) -> float | None:
        """Return a percentile of the latency in ms, None where nothing came."""
        if not len(self.latencies_ms):
            return None
        return float(np.percentile(self.latencies_ms, share))


def read_sent(path: Path) -> dict[Key, int]:
    """
    Return CLOCK_MONOTONIC of sending by camera and stamp, from the player's log.

    :raises AccountingError: if two frames of a camera have one stamp
    """
    sent: dict[Key, int] = {}
    with path.open(encoding='utf-8') as file:
        for line in file:
            entry = json.loads(line)
            key = entry['camera'], entry['stamp_ns']
            if key in sent:
                raise AccountingError(
                    f'camera {key[0]} sent two frames with the stamp {key[1]} ns, so what became '
                    'of them cannot be told apart; record with stamps that rise'
                )
            sent[key] = entry['sent_ns']
    return sent


def node_counts(statuses: dict[str, dict[str, str]], cameras: tuple[str, ...]) -> dict:
    """Return the node's counters by camera, from its diagnostics; 0 where it said nothing."""
    counts = {}
    for camera in cameras:
        values = next(
            (
                values
                for name, values in statuses.items()
                if name.rpartition(':')[2].split()[-2:] == ['camera', camera]
            ),
            {},
        )
        counts[camera] = {key: int(values.get(key, 0)) for key in ('received', *CAUSES)}
    return counts


def account(
    sent: dict[Key, int], received: dict[Key, int], counts: dict[str, dict[str, int]]
) -> Accounting:
    """
    Bring the three together.

    :param sent: CLOCK_MONOTONIC of sending
    :param received: CLOCK_MONOTONIC at which a frame's label image came back
    :param counts: the node's counters, by camera
    """
    frames: dict[str, dict[str, int]] = {}
    fps: dict[str, float] = {}
    problems = [
        f'a label image of {camera} has the stamp {stamp}, which was never sent'
        for camera, stamp in list(received.keys() - sent.keys())[:5]
    ]
    for camera, count in counts.items():
        row = {'sent': sum(name == camera for name, _ in sent), **count}
        row['lost_by_dds'] = row['sent'] - row['received']
        times = sorted(time for (name, _), time in received.items() if name == camera)
        row['recorded'] = len(times)
        frames[camera] = row
        fps[camera] = _rate(times)
        problems += _problems(camera, row)
    frames['total'] = {
        key: sum(row[key] for row in frames.values()) for key in next(iter(frames.values()))
    }
    fps['total'] = round(sum(fps.values()), 2)
    matched = sorted((sent[key], received[key], key[0]) for key in sent.keys() & received.keys())
    return Accounting(
        frames,
        fps,
        np.array([(got - gone) / 1e6 for gone, got, _ in matched]),
        [camera for _, _, camera in matched],
        tuple(problems),
    )


def _rate(times: list[int]) -> float:
    if len(times) < 2 or times[-1] == times[0]:
        return 0.0
    return round((len(times) - 1) * 1e9 / (times[-1] - times[0]), 2)


def _problems(camera: str, row: dict[str, int]) -> list[str]:
    found = []
    explained = sum(row[cause] for cause in CAUSES)
    if row['received'] != explained:
        found.append(
            f'{camera}: the node received {row["received"]} frames and accounts for {explained}'
        )
    if row['lost_by_dds'] < 0:
        found.append(
            f'{camera}: the node received {row["received"]} frames of {row["sent"]} that were sent'
        )
    if row['pending']:
        found.append(f'{camera}: {row["pending"]} frames still pending at the end')
    if row['recorded'] != row['processed']:
        found.append(
            f'{camera}: the node processed {row["processed"]} frames, and '
            f'{row["recorded"]} label images came back'
        )
    return found
