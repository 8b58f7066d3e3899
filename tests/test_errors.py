"""Errors: types that callers can catch, messages that say what to do."""

import numpy as np
import pytest

from mohart import errors
from mohart.errors import ShapeError, check_shape, did_you_mean


@pytest.mark.parametrize(
    ("child", "builtin"),
    [
        (errors.ConfigError, ValueError),
        (errors.ShapeError, ValueError),
        (errors.FormatError, ValueError),
        (errors.MissingDataError, FileNotFoundError),
        (errors.OutputError, OSError),
        (errors.CheckpointError, RuntimeError),
        (errors.TrainingError, RuntimeError),
    ],
)
def test_every_error_is_a_mohart_error_and_a_builtin_one_and_prints_its_message(
    child: type[errors.MohartError], builtin: type[Exception]
) -> None:
    assert issubclass(child, errors.MohartError)
    assert issubclass(child, builtin)
    assert str(child("clip.mp4: broken")) == "clip.mp4: broken"
    assert str(child()) == ""


def test_did_you_mean_names_the_nearest_word_or_all_of_them() -> None:
    known = ["glimpse", "encoder"]
    assert did_you_mean("glimspe", known) == "; did you mean 'glimpse'?"
    assert did_you_mean("zzz", known) == "; known: glimpse, encoder"
    assert did_you_mean("encodr", iter(known)) == "; did you mean 'encoder'?"


def test_check_shape_returns_the_size_of_every_letter() -> None:
    sizes = check_shape(frames=(np.zeros((2, 5, 3)), "B T 3"), boxes=(np.zeros((2, 0, 4)), "B N 4"))
    assert sizes == {"B": 2, "T": 5, "N": 0}


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((3, 4, 4), r"boxes: expected \[B, N, 4\] with B=2, got \[3, 4, 4\]"),
        ((2, 4, 5), r"boxes: expected \[B, N, 4\] with B=2, got \[2, 4, 5\]"),
        ((2, 4), r"boxes: expected \[B, N, 4\] with B=2, got \[2, 4\]"),
    ],
)
def test_check_shape_says_what_was_expected_and_what_came(
    shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        check_shape(frames=(np.zeros((2, 3)), "B 3"), boxes=(np.zeros(shape), "B N 4"))


def test_a_letter_must_have_one_size_within_one_array_too() -> None:
    with pytest.raises(ShapeError, match=r"weights: expected \[N, N\]"):
        check_shape(weights=(np.zeros((2, 3)), "N N"))
