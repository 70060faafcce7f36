"""The skip connections of FCN-16s and FCN-8s (Long et al. 2015, arXiv 1411.4038, section 4.2)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from roadseg_core.models.upsampling import LearnedUpsampling


class SkipSums(nn.Module):
    """
    Sum scores of finer and finer features into coarse class scores.

    Each step doubles the scores' size by a learned upsampling and adds a 1x1 scoring of the
    features at that size. The scorings start at zero: the network starts as the one without
    skips.

    :param classes: channels of the scores
    :param widths: channels of the features, from coarse to fine; each is twice the size before
    """

    def __init__(self, *, classes: int, widths: Sequence[int]) -> None:
        super().__init__()
        self.upsamplings = nn.ModuleList(
            LearnedUpsampling(classes=classes, factor=2) for _ in widths
        )
        self.scorings = nn.ModuleList(nn.Conv2d(width, classes, 1) for width in widths)
        for scoring in self.scorings:
            nn.init.zeros_(scoring.weight)
            nn.init.zeros_(scoring.bias)

    def forward(self, scores: Tensor, finer: Sequence[Tensor]) -> Tensor:
        """
        Add the finer features' scores.

        :param scores: float [N, classes, h, w]
        :param finer: float [N, widths[i], h * 2^(i+1), w * 2^(i+1)] each
        :returns: float [N, classes, h * 2^n, w * 2^n] for n features
        """
        for upsampling, scoring, features in zip(
            self.upsamplings, self.scorings, finer, strict=True
        ):
            scores = upsampling(scores) + scoring(features)
        return scores
