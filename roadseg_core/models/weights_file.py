"""Find files of pretrained weights, download them and verify their checksums."""

from __future__ import annotations

import re
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from roadseg_core.files import sha256_of, user_cache, write_atomically

SHIPPED = Path(__file__).parent / 'weights'
"""The folder of the files that ship with the program; its README has origins and licences."""

ORIGINS = {
    'mobilenet_1_0_224_tf_no_top.h5': (
        'https://storage.googleapis.com/tensorflow/keras-applications/mobilenet/'
    ),
}
"""Where files that configurations name, and that do not ship, can be downloaded."""

_TIMEOUT = 30.0


class WeightsError(ValueError):
    """Weights that cannot be had or do not fit; the message names the file and the fix."""


def find_weights(
    source: str | Path, *, root: Path | None = None, cache: Path | None = None
) -> Path:
    """
    Return the local file of some weights, downloaded once where ``source`` is a URL.

    A URL carries a checksum: ``...#sha256=<hex>``, or its first eight digits or more at the end
    of the file's name, as in ``vgg16-397923af.pth``. A download that does not match is deleted.

    :param source: a path, the name of a file in :data:`SHIPPED`, or a URL
    :param root: a folder that a path may start from, before the working directory
    :param cache: folder of downloads; by default ``roadseg/weights`` in ``$XDG_CACHE_HOME`` or
        ``~/.cache``
    :raises WeightsError: if the file is not there, cannot be downloaded or is not the right one
    """
    if '://' not in str(source):
        path = Path(source).expanduser()
        for place in ((root / path,) if root else ()) + (path, SHIPPED / path.name):
            if place.is_file():
                return place
        origin = ORIGINS.get(path.name)
        raise WeightsError(
            f'{path}: no such file'
            + (f' below {root} or the working directory' if root else '')
            + (f'; download {origin}{path.name} there' if origin else '')
            + f'; {", ".join(sorted(p.name for p in SHIPPED.glob("*.npz")))} ships with the '
            'program; for a random start set network.stem_weights=null'
        )
    url, _, fragment = str(source).partition('#')
    name = Path(urllib.parse.urlparse(url).path).name
    checksum = re.fullmatch(r'sha256=([0-9a-f]{64})', fragment) or re.search(
        r'-([0-9a-f]{8,64})\.\w+$', name
    )
    if checksum is None:
        raise WeightsError(f'{source}: no checksum; add #sha256=<64 hexadecimal digits> to the URL')
    cache = cache or user_cache() / 'weights'
    path = cache / name
    if path.is_file() and sha256_of(path).startswith(checksum[1]):
        return path
    cache.mkdir(parents=True, exist_ok=True)
    _download(url, path, checksum=checksum[1])
    return path


def fill_convolution(
    convolution: nn.Conv2d,
    norm: nn.BatchNorm2d | None,
    weight: Tensor,
    bias: Tensor,
    statistics: Sequence[Tensor] | None,
    *,
    eps: float,
) -> None:
    """
    Fill a convolution and the batch norm behind it.

    :param norm: None where the network has none: what there is in the weights is folded exactly
    :param statistics: gamma, beta, mean and variance of batch norm; None where the weights have
        none: ``norm`` keeps its fresh start
    :param eps: that batch norm adds to the variance
    :raises ValueError: if the shapes differ
    """
    if statistics is not None and norm is None:
        gamma, beta, mean, variance = statistics
        scale = gamma / torch.sqrt(variance + eps)
        weight, bias = weight * scale[:, None, None, None], (bias - mean) * scale + beta
    elif statistics is not None:
        targets = (norm.weight, norm.bias, norm.running_mean, norm.running_var)
        for target, source in zip(targets, statistics, strict=True):
            _copy(target, source)
    _copy(convolution.weight, weight)
    if convolution.bias is not None:
        _copy(convolution.bias, bias)


def _copy(target: Tensor, source: Tensor) -> None:
    if target.shape != source.shape:
        raise ValueError(f'shape {tuple(source.shape)}, expected {tuple(target.shape)}')
    target.copy_(source)


def _download(url: str, path: Path, *, checksum: str) -> None:
    """Write the file under a temporary name, check it, then rename it."""
    try:
        with write_atomically(path) as temporary:
            with (
                temporary.open('wb') as file,
                urllib.request.urlopen(url, timeout=_TIMEOUT) as answer,
            ):
                shutil.copyfileobj(answer, file)
            found = sha256_of(temporary)
            if not found.startswith(checksum):
                raise WeightsError(
                    f'{url}: sha256 {found[:16]}..., expected {checksum[:16]}...; '
                    'the download is damaged or another file: try again'
                )
    except (urllib.error.URLError, OSError) as error:
        raise WeightsError(
            f'{url}: cannot be downloaded from here ({error}); download it where there is '
            f'internet and name the local file instead, or put it at {path}'
        ) from error
