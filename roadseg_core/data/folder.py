"""Read your own data set: folders of images and of truth, and a label map in YAML."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Literal

from pydantic import Field

from roadseg_core.data.location import locate
from roadseg_core.data.options import FileOptions
from roadseg_core.data.pairs import PairSource, all_names, make_source, match_pairs
from roadseg_core.data.source import DataError, NoSplitError
from roadseg_core.data.splits import hold_out
from roadseg_core.data.truth import AnyTruth, ColourTruth, IdTruth
from roadseg_core.labels import LabelMap


class FolderOptions(FileOptions):
    """
    Options of a folder of images and a folder of truth; ``folder`` and ``label_set`` are needed.

    :param images: folder of the images below ``folder``; ``{split}`` stands for the split
    :param labels: folder of the truth, likewise
    :param image_suffix: what follows an image's name before the extension, such as ``_rgb``
    :param label_suffix: what follows a truth's name before the extension, such as ``_gt``
    :param coding: truth written as ids, painted in the palette, or as each file shows
    :param first_id: the value of the first class in truth that is written as ids
    :param hold_out: where neither folder has ``{split}``: one in this many frames validates, by
        name; 0 to train and validate on all
    """

    images: str = 'images'
    labels: str = 'labels'
    image_suffix: str = ''
    label_suffix: str = ''
    coding: Literal['auto', 'ids', 'colours'] = 'auto'
    first_id: int = Field(default=0, ge=0, le=255)
    hold_out: int = Field(default=5, ge=0)


def open_folder(
    root: Path, *, split: str, label_map: LabelMap, options: FolderOptions
) -> PairSource:
    """
    Open ``<folder>/<images>/**`` and ``<folder>/<labels>/**``: files of the same path and name.

    :raises DataError: if folders are missing, or an option that is needed
    """
    for key in ('folder', 'label_set'):
        if getattr(options, key) is None:
            raise DataError(
                f'options of folder: {key} is not set; expected '
                '{folder: my_streets, label_set: my_streets.yaml}'
            )
    images_folder, labels_folder = (
        path.replace('{split}', split) for path in (options.images, options.labels)
    )
    by_split = '{split}' in options.images or '{split}' in options.labels
    # A split that is not there must not hide the data set.
    holds = options.images.replace('{split}', '*'), images_folder
    base = locate(root, names=(), options=options, holds=holds)
    if by_split and not any((base / path).is_dir() for path in (images_folder, labels_folder)):
        raise NoSplitError(f'{base / images_folder}: no such folder')
    images = _files(base / images_folder, options.image_suffix, ('.png', '.jpg', '.jpeg'))
    truths = _files(base / labels_folder, options.label_suffix, ('.png',))
    names = all_names(images, truths)
    if not by_split:
        if split == 'test':
            raise NoSplitError(
                f'{base}: no test frames: its frames are divided into train and val; for a split '
                'of their own put them into folders, such as images={split}/images'
            )
        if options.hold_out:
            names = hold_out(names, split, every=options.hold_out)
    reader = {
        'auto': partial(AnyTruth, first_id=options.first_id),
        'ids': partial(IdTruth, first_id=options.first_id),
        'colours': ColourTruth.of_palette,
    }[options.coding]
    folder = options.folder if isinstance(options.folder, str) else options.folder[0]
    return make_source(
        f'{Path(folder).name.split(".")[0]}_{split}',
        match_pairs(images, truths, names),
        label_set=options.label_set,
        reader=reader,
        label_map=label_map,
        options=options,
    )


def _files(folder: Path, suffix: str, extensions: tuple[str, ...]) -> dict[str, Path]:
    """Return the files below a folder by their path in it, without suffix and extension."""
    if not folder.is_dir():
        raise DataError(f'{folder}: no such folder; set the options images and labels')
    found = {}
    for path in sorted(folder.rglob('*')):
        if path.suffix.lower() in extensions and path.stem.endswith(suffix):
            name = path.relative_to(folder).with_name(path.stem.removesuffix(suffix))
            if (other := found.setdefault(name.as_posix(), path)) != path:
                raise DataError(f'{path}: the same name as {other}; rename one')
    return found
