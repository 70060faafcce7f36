"""comma10k (comma.ai, MIT licence): 10,000 dash-cam frames of many cars, in six classes."""

from __future__ import annotations

from pathlib import Path

from roadseg_core.data.location import locate
from roadseg_core.data.options import FileOptions
from roadseg_core.data.pairs import PairSource, all_names, files_by_stem, make_source, match_pairs
from roadseg_core.data.source import list_folder
from roadseg_core.data.truth import ColourTruth
from roadseg_core.labels import LabelMap


def open_comma10k(
    root: Path, *, split: str, label_map: LabelMap, options: FileOptions
) -> PairSource:
    """
    Open ``comma10k/{imgs,masks}``: pictures and painted truth of the same names.

    As its publishers do, validate on the frames whose names end in 9.

    :raises DataError: if the folders are missing
    """
    folder = locate(root, names=('comma10k', 'comma10k-master'), holds=('masks',), options=options)
    images = files_by_stem(list_folder(folder / 'imgs', ('.png',)))
    truths = files_by_stem(list_folder(folder / 'masks', ('.png',)))
    chosen = [name for name in all_names(images, truths) if name.endswith('9') == (split == 'val')]
    return make_source(
        f'comma10k_{split}',
        match_pairs(images, truths, chosen),
        label_set='comma10k',
        reader=ColourTruth.of_palette,
        label_map=label_map,
        options=options,
    )
