"""Handwritten digits of 8x8 pixels that scikit-learn ships (from UCI's optical digits)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from mohart.errors import ConfigError, MissingDataError
from mohart.probes.equivae.network import SHADES

CLASSES = 10
TEST, SPLIT_SEED = 500, 2_000_003  # the same test for every seed


class Digits(NamedTuple):
    """A part of the digits.

    Attributes:
        pixels: [K, 64] in 0..1.
        classes: [K] int64.
    """

    pixels: Tensor
    classes: Tensor


def load_digits() -> tuple[Digits, Digits]:
    """1297 digits to train on and 500 to test.

    Raises:
        MissingDataError: scikit-learn is not installed.
    """
    try:
        from sklearn import datasets
    except ImportError as error:
        raise MissingDataError(
            "digits: scikit-learn, which ships them, is not installed; try: pip install "
            "scikit-learn"
        ) from error
    found = datasets.load_digits()
    order = np.random.default_rng(SPLIT_SEED).permutation(len(found.target))
    pixels = torch.from_numpy(np.asarray(found.data[order] / SHADES, np.float32))
    classes = torch.from_numpy(np.asarray(found.target[order], np.int64))
    parts = (slice(TEST, None), slice(None, TEST))
    training, test = (Digits(pixels[part], classes[part]) for part in parts)
    return training, test


def label_some(training: Digits, labels: int | None, seed: int) -> tuple[Digits, Digits]:
    """So many labelled digits, equally many of each class, and the rest.

    Args:
        training: all of them.
        labels: how many keep their label; None keeps all.
        seed: decides which.

    Raises:
        ConfigError: not a multiple of 10, or more than a class has.
    """
    if labels is None:
        return training, Digits(training.pixels[:0], training.classes[:0])
    each, rest = divmod(labels, CLASSES)
    fewest = int(torch.bincount(training.classes, minlength=CLASSES).min())
    if rest or not 2 <= each <= fewest:
        raise ConfigError(
            f"digits: expected a number of labels from {2 * CLASSES} to {CLASSES * fewest} that "
            f"{CLASSES} divides, got {labels}"
        )
    order = torch.randperm(len(training.classes), generator=torch.Generator().manual_seed(seed))
    kept = torch.cat([order[training.classes[order] == y][:each] for y in range(CLASSES)])
    left = torch.ones(len(order), dtype=torch.bool)
    left[kept] = False
    return (
        Digits(training.pixels[kept], training.classes[kept]),
        Digits(training.pixels[left], training.classes[left]),
    )
