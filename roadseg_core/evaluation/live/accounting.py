"""Account for every frame that was sent to a node, and for how long it took."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

CAUSES = ('processed', 'replaced', 'stale', 'bad', 'failed', 'not_ready', 'pending')
"""What a frame that the node received became; the node's own counters."""

FrameKey = tuple[str, int]
"""Camera and stamp in nanoseconds."""

Statuses = Mapping[str, Mapping[str, str]]
"""A node's newest diagnostics: values by status name, such as ``camera front``."""


class AccountingError(ValueError):
    """Frames that cannot be accounted for; the message says why."""


@dataclass(frozen=True)
class Accounting:
    """
    Match what was sent, counted by the node and recorded.

    :param frames: by camera and ``total``: sent, received, the causes, lost_by_dds, recorded
    :param fps: recorded label images per second, by camera and ``total``
    :param latencies_ms: float64 [n], in the order of sending; end to end
    :param cameras_of: camera of each latency
    :param problems: what does not add up; empty if every frame is accounted for
    """

    frames: dict[str, dict[str, int]]
    fps: dict[str, float]
    latencies_ms: np.ndarray
    cameras_of: list[str]
    problems: tuple[str, ...]


def read_sent(path: Path) -> dict[FrameKey, int]:
    """
    Return CLOCK_MONOTONIC of sending by camera and stamp, from the player's log.

    :raises AccountingError: if two frames of a camera have one stamp
    """
    sent: dict[FrameKey, int] = {}
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


def node_counts(statuses: Statuses, cameras: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """Return the node's counters by camera, from its diagnostics; 0 where it said nothing."""
    return {
        camera: {
            name: int(statuses.get(f'camera {camera}', {}).get(name, 0))
            for name in ('received', *CAUSES)
        }
        for camera in cameras
    }


def account(
    sent: dict[FrameKey, int], received: dict[FrameKey, int], counts: dict[str, dict[str, int]]
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
    explained = sum(row[cause] for cause in CAUSES)
    found = {
        f'the node received {row["received"]} frames and accounts for {explained}': (
            row['received'] != explained
        ),
        f'the node received {row["received"]} frames of {row["sent"]} that were sent': (
            row['lost_by_dds'] < 0
        ),
        f'{row["pending"]} frames still pending at the end': row['pending'],
        f'the node processed {row["processed"]} frames, and {row["recorded"]} label images came '
        'back': row['recorded'] != row['processed'],
    }
    return [f'{camera}: {problem}' for problem, holds in found.items() if holds]
