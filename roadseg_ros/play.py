"""
The player: puts bags, videos and folders of images on camera topics.

``play --source front=PATH [--source left=PATH ...] [--fps 15] [--loop] ...``; see ``--help``.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from contextlib import ExitStack

import rclpy
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from rclpy.utilities import remove_ros_args

from roadseg_core.bags.cdr import BILLION
from roadseg_core.bags.records import SourceError
from roadseg_core.playing.encoding import Encoder
from roadseg_core.playing.packets import packets
from roadseg_core.playing.player import Played, Player
from roadseg_core.playing.read_ahead import ReadAhead
from roadseg_core.playing.settings import PlaySettings, parse_arguments
from roadseg_core.shared_memory import read_shared_memory
from roadseg_core.sources.opening import open_source
from roadseg_core.sources.source import Source
from roadseg_ros.cv_bridge_fallback import through_cv_bridge
from roadseg_ros.dds.profile import images_problem, prepare_process
from roadseg_ros.player_output import RosOutput
from roadseg_ros.ros_errors import START_ERRORS, start_error

_MATCHING_SECONDS = 0.3
"""Time for receivers to be found before the first frame, and to take the last one."""


def main(arguments: list[str] | None = None) -> int:
    """Play; 0 at the end and on SIGINT or SIGTERM, 1 where the source or its receiver fails."""
    arguments = sys.argv if arguments is None else ['play', *arguments]
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    prepare_process()
    try:
        settings = parse_arguments(remove_ros_args(arguments)[1:])
        problem = images_problem(read_shared_memory(), senders=1)
        if problem:
            print(f'play: {problem}', file=sys.stderr, flush=True)
        sources = {
            camera.name: open_source(
                camera.path, bag_topic=camera.bag_topic, fps=settings.fps, camera=camera.name
            )
            for camera in settings.cameras
        }
        for camera in settings.cameras:
            print(f'{camera.name}: {camera.path}: {sources[camera.name].description}', flush=True)
        return _run(settings, sources, arguments, stop)
    except (SourceError, OSError) as error:
        print(f'play: {error}', file=sys.stderr, flush=True)
    except START_ERRORS as error:
        print(f'play: {start_error(error)}', file=sys.stderr, flush=True)
    return 1


def _run(
    settings: PlaySettings, sources: dict[str, Source], arguments: list[str], stop: threading.Event
) -> int:
    skipped: list[str] = []

    def skip(reason: str) -> None:
        skipped.append(reason)
        if len(skipped) <= 20:
            print(f'play: skipped: {reason}', file=sys.stderr, flush=True)

    with ExitStack() as stack:
        log = None
        if settings.log:
            settings.log.parent.mkdir(parents=True, exist_ok=True)
            log = stack.enter_context(settings.log.open('w', encoding='utf-8'))
        reading = ReadAhead(
            {
                name: packets(
                    source,
                    Encoder(settings.transport, settings.size, through_cv_bridge),
                    loop=settings.loop,
                    skipped=skip,
                    part=settings.part,
                )
                for name, source in sources.items()
            }
        )
        stack.callback(reading.close)
        rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
        stack.callback(rclpy.shutdown)
        node = Node('player')
        stack.callback(node.destroy_node)
        output = RosOutput(node, settings)
        reading.wait_until_filled()
        if settings.wait_seconds:
            output.wait_for_subscribers(settings.wait_seconds, stop)
        stop.wait(_MATCHING_SECONDS)
        player = Player(reading, settings, output, clock_speed=_speed(settings, sources), log=log)
        played = player.run(stop, _report)
        time.sleep(_MATCHING_SECONDS)
    if not any(played.sent.values()) and not stop.is_set():
        raise SourceError(f'no source holds a frame that can be read{settings.part}')
    _report(played)
    print(
        f'{played.late} of {sum(played.sent.values())} frames late (by at most '
        f'{played.worst_delay_ns / 1e6:.1f} ms); {len(skipped)} skipped',
        flush=True,
    )
    return 0


def _speed(settings: PlaySettings, sources: dict[str, Source]) -> float:
    """Return how many recorded seconds pass in a second."""
    if not settings.fps:
        return settings.rate
    return settings.fps * next(iter(sources.values())).period_ns / BILLION


def _report(played: Played) -> None:
    counts = ', '.join(f'{camera} {count}' for camera, count in played.sent.items())
    print(f'{played.seconds:.1f} s: sent {counts}', flush=True)


if __name__ == '__main__':
    sys.exit(main())
