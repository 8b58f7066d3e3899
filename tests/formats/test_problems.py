from pathlib import Path

import numpy as np
import pytest

from mohart.errors import FormatError
from mohart.formats.problems import LineProblems, Problem, raise_first_error

HERE = Path("gt.txt")


def test_one_problem_per_kind_names_further_lines() -> None:
    problems = LineProblems(HERE, [3, 4, 7])
    problems.add(np.array([False, False, False]), lambda row: "never", "never")
    problems.add(np.array([False, True, True]), lambda row: f"row {row}", "mend it")
    assert [str(p) for p in problems.found] == ["gt.txt:4: row 1 (and 1 more line: 7); mend it"]


def test_only_errors_are_raised_and_the_first_line_wins() -> None:
    warning = Problem(HERE, 1, "odd", "look", "warning")
    raise_first_error([warning])
    errors = [Problem(HERE, 9, "late", "mend"), Problem(HERE, 2, "early", "mend")]
    with pytest.raises(FormatError, match=r"gt\.txt:2: early; mend \(1 more kinds"):
        raise_first_error([warning, *errors])
