"""The fast reader answers exactly as the careful one, or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mohart.formats.kitti import scan as kitti_scan
from mohart.formats.mot import scan as mot_scan
from mohart.formats.table import read_table
from mohart.formats.text import as_numbers, split_lines

WORDS = {"Car": 1, "Van": 2}


def test_numbers_by_commas_and_by_spaces() -> None:
    expected = [[1, -2.5, 3e3], [4, np.inf, 0]]
    for text in ("1,-2.5,3e3\n4,inf,0\n", "1 -2.5\t 3e3\n 4 inf 0", "1, -2.5, 3e3\n4, inf, 0"):
        found = read_table(text)
        assert found is not None
        np.testing.assert_array_equal(found, expected)


def test_words_in_one_column() -> None:
    found = read_table("0 7 Car 1.5\n1 7 Van 2.5 \n", words=WORDS, word_column=2)
    assert found is not None
    assert found.tolist() == [[0, 7, 1, 1.5], [1, 7, 2, 2.5]]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "1,2\n3\n",
        "1,2\n\n3,4\n",
        "1,2,\n3,4,\n",
        "1,,2\n3,4,5\n",
        "1, ,2\n",
        "1,2, ",
        "1,2 3,4\n5,6,7\n",
        "1,x\n",
        "1,2\x0c\n3,4\n",
        "1,٣\n",
        "1;2\n3;4\n",
        "1 2\n3\n4 5 6\n",
    ],
)
def test_irregular_text_is_left_to_the_careful_reader(text: str) -> None:
    assert read_table(text) is None


@pytest.mark.parametrize(
    "text",
    [
        "0 7 Bus 1\n",
        "0 Car 7 1\n",
        "0 Car Car 1\n",
        "0 7 4503599627370497 1\n",
        "0 7 inf 1\n",
        "Car 7 Car 1\n",
        "0 7 Car 1\n1 7 3 2\n",
        "0 7\n",
    ],
)
def test_words_in_the_wrong_place_are_too(text: str) -> None:
    found = read_table(text, words=WORDS, word_column=2)
    assert found is None or found.tolist() == [[0, 7, 1, 1]]


field = st.one_of(
    st.integers(-9, 99).map(str),
    st.floats(-1e6, 1e6).map(repr),
    st.sampled_from(["nan", "inf", "-inf", "", " ", "x", "1_0", "+3", "1e5", "0x1", "Car", "-0"]),
)
lines = st.lists(st.lists(field, min_size=1, max_size=4), min_size=1, max_size=4)


@given(rows=lines, mark=st.sampled_from([",", " ", ", "]), end=st.sampled_from(["", "\n"]))
def test_never_another_answer_than_the_careful_reader(
    rows: list[list[str]], mark: str, end: str
) -> None:
    text = "\n".join(mark.join(row) for row in rows) + end
    found = read_table(text)
    if found is not None:
        expected = [as_numbers(fields) for _, fields in split_lines(text)]
        np.testing.assert_array_equal(found, np.array(expected))


def test_scans_agree_with_their_line_by_line_form(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    regular = "1,1,10,20,30,40,1,1,0.5\n1,2,0,0,10,10,0,7,1\n"
    for text in (regular, regular + "\n"):  # the empty line asks for the careful reader
        path.write_text(text)
        table = mot_scan.scan_mot(path)
        assert table.values[:, :9].tolist() == [
            [1, 1, 10, 20, 30, 40, 1, 1, 0.5],
            [1, 2, 0, 0, 10, 10, 0, 7, 1],
        ]
        assert (table.lines.tolist(), table.columns.tolist()) == ([1, 2], [9, 9])
    row = "3 7 Car 1 2 -10 10 20 30 40 1 2 3 4 5 6 7"
    for tail in ("", "\n\n"):
        path.write_text(row + tail)
        labels = kitti_scan.scan_kitti_table(path)
        assert labels.values.tolist() == [[3, 7, 1, 2, -10, 10, 20, 30, 40, 1, 2, 3, 4, 5, 6, 7]]
        assert (labels.class_id.tolist(), labels.counts.tolist()) == ([1], [17])


@pytest.mark.parametrize("value", ["1e10", "-2e9", "9" * 40])
def test_impossible_numbers_are_refused(tmp_path: Path, value: str) -> None:
    path = tmp_path / "x.txt"
    path.write_text(f"1,1,{value},2,3,4\n")
    assert "a value is beyond 1e+09" in mot_scan.scan_mot(path).problems[0].what
    path.write_text(f"1 1 Car 0 0 0 {value} 2 3 4 1 2 3 4 5 6 7\n")
    assert "a value is beyond 1e+09" in kitti_scan.scan_kitti_table(path).problems[0].what


def test_kitti_results_with_a_negative_id_are_left_out_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    rows = [f"0 {n} Car -1 -1 -10 1 2 3 4 -1 -1 -1 -1 -1 -1 -1 0.5\n" for n in (3, -1, -1)]
    path.write_text("".join(rows))
    table = kitti_scan.scan_kitti_table(path, kind="results")
    assert table.values[:, 1].tolist() == [3]
    assert [problem.severity for problem in table.problems] == ["warning"]
    assert "left out, as KITTI does" in table.problems[0].what
