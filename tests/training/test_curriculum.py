"""The curriculum: each stage from its first batch to the last."""

import pytest

from mohart.training.curriculum import Curriculum

STAGES = ((0.0, 4), (0.25, 8), (0.5, 16))


@pytest.mark.parametrize(
    ("k", "frames"), [(0, 4), (24, 4), (25, 8), (49, 8), (50, 16), (99, 16), (100, 16), (500, 16)]
)
def test_a_stage_begins_with_its_fraction_of_the_steps(k: int, frames: int) -> None:
    assert Curriculum(STAGES, 100)(k) == frames


def test_lengths_follow_the_stages_whatever_the_number_of_steps() -> None:
    assert [Curriculum(STAGES, 4)(k) for k in range(4)] == [4, 8, 16, 16]
    assert Curriculum(STAGES, 0)(0) == 4
    assert {Curriculum(((0.0, 5),), 10)(k) for k in range(10)} == {5}
