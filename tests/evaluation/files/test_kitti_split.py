from pathlib import Path

import pytest

from mohart.errors import ConfigError, MissingDataError
from mohart.evaluation.files.kitti_split import VALIDATION, choose_split

ALL = [f"{n:04d}" for n in range(21)]


@pytest.fixture
def truths(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "label_02").mkdir()
    return {name: tmp_path / "label_02" / f"{name}.txt" for name in ALL}


def write_map(path: Path, **lengths: int) -> Path:
    path.write_text("".join(f"{n[1:]} empty 000000 {m:06d}\n" for n, m in lengths.items()))
    return path


def test_without_a_map_everything_counts(truths: dict[str, Path]) -> None:
    found = choose_split(truths)
    assert (found.name, found.lengths) == ("all", dict.fromkeys(ALL))


def test_maps_beside_the_labels_are_honoured(truths: dict[str, Path], tmp_path: Path) -> None:
    write_map(tmp_path / "evaluate_tracking.seqmap.training", s0001=447, s0000=154)
    write_map(tmp_path / "label_02" / "evaluate_tracking.seqmap.mine", s0002=5)
    assert choose_split(truths) == ("training", {"0001": 447, "0000": 154})
    assert choose_split(truths, split="mine") == ("mine", {"0002": 5})
    assert choose_split(truths, split="0000") == ("0000", {"0000": 154})
    with pytest.raises(ConfigError, match="split: 'mien' is unknown; did you mean 'mine'"):
        choose_split(truths, split="mien")


def test_a_map_that_is_given(truths: dict[str, Path], tmp_path: Path) -> None:
    path = write_map(tmp_path / "evaluate_tracking.seqmap.x", s0003=9, s0002=7)
    assert choose_split(truths, seqmap=path) == ("x", {"0003": 9, "0002": 7})
    assert choose_split(truths, seqmap=path, split="0002") == ("0002", {"0002": 7})
    with pytest.raises(ConfigError, match="either --split NAME or --seqmap"):
        choose_split(truths, seqmap=path, split="training")
    with pytest.raises(MissingDataError):
        choose_split(truths, seqmap=tmp_path / "none")


def test_parts_of_the_training_set(truths: dict[str, Path]) -> None:
    assert tuple(choose_split(truths, split="val").lengths) == VALIDATION
    rest = choose_split(truths, split="training_minus_val").lengths
    assert sorted([*rest, *VALIDATION]) == ALL
    assert list(choose_split(truths, split="training").lengths) == ALL
    assert list(choose_split(truths, split="0004,0001").lengths) == ["0004", "0001"]


def test_a_sequence_without_truth(truths: dict[str, Path]) -> None:
    with pytest.raises(ConfigError, match="split 0001,0077: no truth for 0077"):
        choose_split(truths, split="0001,0077")
    with pytest.raises(ConfigError, match="split: 'trainnig' is unknown; did you mean 'training'"):
        choose_split(truths, split="trainnig")
