"""Define what all networks share: a score of every class for every pixel of an image."""

from __future__ import annotations

from torch import Tensor, nn


class Network(nn.Module):
    """
    Score every pixel of an image.

    :param classes: channels of the output; 1 is trained with a sigmoid, more with softmax
    :param counts: the network's own arguments that are whole numbers from 1, by name
    :raises ValueError: for a number below 1
    """

    stride: int
    """Height and width of the images are multiples of it."""

    def __init__(self, *, classes: int, **counts: int) -> None:
        super().__init__()
        counts = {'classes': classes, **counts}
        if min(counts.values()) < 1:
            found = ', '.join(f'{name} {value}' for name, value in counts.items())
            raise ValueError(f'{found}; expected at least 1 each')
        self.classes = classes

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        """
        Score every pixel.

        :param images: float [N, 3, H, W], RGB, -1..1; H and W multiples of ``stride``
        :returns: float [N, classes, H, W], before sigmoid or softmax; with auxiliary heads, while
            training, a tuple of it and theirs
        :raises ValueError: for an illegal size
        """
        check_size(images, stride=self.stride)
        return self._score(images)

    def _score(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Score the pixels of images whose size was checked."""
        raise NotImplementedError


def check_size(images: Tensor, *, stride: int) -> None:
    """Raise ValueError, naming the nearest legal size, unless H and W are multiples of stride."""
    height, width = (int(size) for size in images.shape[-2:])
    if height % stride or width % stride:
        legal_height = max(stride, round(height / stride) * stride)
        legal_width = max(stride, round(width / stride) * stride)
        raise ValueError(
            f'input of {height}x{width} (height x width) for a network of stride {stride}; '
            f'use multiples of it, for example {legal_height}x{legal_width}'
        )
