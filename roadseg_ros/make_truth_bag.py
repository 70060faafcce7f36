"""Make a bag with truth: ``ros2 run roadseg_ros make_truth_bag --data camvid:val BAG``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rosbags.rosbag2 import WriterError

from roadseg_core.bags.truth_bag import write_truth_bag
from roadseg_core.bags.writer import STORAGES, truth_topic
from roadseg_core.command_line import add_option
from roadseg_core.commands.checks import choose_data
from roadseg_core.data.label_sets import find_label_map
from roadseg_core.data.source import DataError
from roadseg_core.labels import LABEL_MAPS, LabelMapError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 0, or 2 if it could not run."""
    options = _parser().parse_args(arguments)
    try:
        label_map = find_label_map(options.label_map)
        chosen = choose_data(options.data, options.option, options.root)
        source = chosen.open(label_map)
        rendered = chosen.options.get('camera') if chosen.name == 'rendered' else None
        camera = options.camera or rendered or 'front'
        if rendered and camera != rendered:
            raise DataError(
                f'--camera {camera}, but the frames are of the camera {rendered} (--option '
                f'camera={rendered}); leave --camera out, or name the same camera in both'
            )
        truth_map = write_truth_bag(
            options.bag,
            source,
            label_map,
            camera=camera,
            seconds=options.seconds,
            storage=options.storage,
        )
    except (DataError, LabelMapError, WriterError, OSError, ValueError) as error:
        print(f'make_truth_bag: {error}', file=sys.stderr)
        return 2
    known = truth_map.name in LABEL_MAPS
    print(
        f'{len(source)} frames of {source.name} in {options.bag}; evaluate them by:\n'
        f'evaluate_bag {options.bag} --truth-topic {truth_topic(camera)} --truth-map '
        f'{truth_map.name if known else options.label_map}'
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='make_truth_bag',
        description='Write the labelled frames of a data set as a bag: '
        'images, and true label images of the same stamps.',
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='examples:\n'
        '  make_truth_bag camvid_bag --data camvid:val --root ~/data\n'
        '  make_truth_bag street --data rendered --option frames=20 --seconds 0.1',
    )
    add = partial(add_option, parser)
    add('bag', 'folder of the new bag', Path, metavar='BAG')
    data = 'a data set such as camvid or kitti_road; the split is val unless named'
    add('--data', data, required=True, metavar='NAME[:SPLIT]')
    add('--root', 'folder of the data sets (default: $ROADSEG_DATA)')
    option = 'option of the data set, such as frames=20 (default: none)'
    add('--option', option, [], type=str, action='append', metavar='KEY=VALUE')
    add('--label-map', 'label map of the truth, known or YAML', 'seven')
    add('--camera', 'name of the camera (default: the rendered camera, or front)')
    seconds = 'time from frame to frame; more than a second says that they are no neighbours'
    add('--seconds', seconds, 2.0)
    add('--storage', 'of the bag', 'mcap', choices=STORAGES)
    return parser


if __name__ == '__main__':
    sys.exit(main())
