import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mohart.tracking.detectors.scores import unit_scores


def test_scores_between_0_and_1_stay() -> None:
    scores = np.array([0.0, 0.31, 1.0])
    found, note = unit_scores(scores)
    assert (found.tolist(), note) == ([0, 0.31, 1], "")
    assert unit_scores(np.zeros(0))[1] == ""


def test_others_become_ranks_and_that_is_said() -> None:
    found, note = unit_scores(np.array([50.0, -2, 50, 100, 7]))
    # lower: 2, 0, 2, 4, 1 of 5; the two equal ones share places 3 and 4
    assert found.tolist() == pytest.approx([0.6, 0.1, 0.6, 0.9, 0.3])
    assert note.startswith("scores reach from -2 to 100 and not from 0 to 1; every score is")


@given(st.lists(st.floats(-1e6, 1e6), min_size=1))
def test_the_order_stays(values: list[float]) -> None:
    scores = np.array(values)
    found, _ = unit_scores(scores)
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.sign(np.subtract.outer(found, found))
            == np.sign(np.subtract.outer(scores, scores))).all()  # fmt: skip
