from pathlib import Path

import pytest

from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.formats.detect import Format, check_format, detect_format, target_format

KITTI = "0 1 Car 0 0 0 1 2 3 4 1 1 1 1 1 1 1"


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [
        ("a.txt", "1,1,1,1,1,1,1,1,0.5\n", ("mot", "gt")),
        ("a.txt", "1,1,1,1,1,1,1,-1,-1,-1\n", ("mot", "results")),
        ("gt.txt", "1,1,1,1,1,1,1,-1,-1,-1\n", ("mot", "gt")),
        ("gt.txt", "", ("mot", "gt")),
        ("det.txt", "", ("mot-det", None)),
        ("a.txt", "1 1 1 1 1 1 0.25\n", ("mot", "results")),
        ("a.txt", "1,1,1,1,1,1\n", ("mot", "results")),
        ("a.csv", "1,1,1,1,1,1\n", ("mot", "results")),
        ("a.txt", f"\n{KITTI}\n", ("kitti", "gt")),
        ("a.txt", f"{KITTI} 0.5\n", ("kitti", "results")),
        ("a.csv", "track_id,frame,x1\n", ("csv", None)),
        ("a.csv", "nonsense\n", ("csv", None)),
        ("a.json", '{"images": []}', ("coco-vid", None)),
        ("a.xyz", '{"video": {}}\n{"frame": 1}\n', ("jsonl", None)),
        ("a.jsonl", '{"x1": 1, "frame": 1}\n', ("jsonl", None)),
        ("a.xml", "<?xml version='1.0'?>\n<!-- x --><annotations>\n", ("cvat", None)),
        ("a.xml", '<sequence name="x">\n', ("detrac", None)),
        ("a.bin", "PAR1....", ("parquet", None)),
    ],
)
def test_by_content(tmp_path: Path, name: str, text: str, found: tuple[str, str | None]) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert detect_format(path)[:2] == found


def test_what_was_given_decides(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("1,1,1,1,1,1,1,1,0.5\n")
    assert detect_format(path, given="kitti", kind="results")[:2] == ("kitti", "results")
    assert detect_format(path, given="csv").why == ""
    assert detect_format(path).why == "columns of numbers, 9 columns"
    assert detect_format(path, kind="results")[:2] == ("mot", "results")


def test_what_is_not_clear_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("1,1,1,1,1,1,1\n")
    with pytest.raises(ConfigError, match=r"ground truth or results\?.*say --kind gt or --kind"):
        detect_format(path)
    path.write_text("hello\n")
    with pytest.raises(FormatError, match=r"a\.txt:1: content that no format has.*say --from"):
        detect_format(path)
    path.write_text("")
    with pytest.raises(FormatError, match="an empty file; say --from"):
        detect_format(path)
    with pytest.raises(MissingDataError, match="no such file"):
        detect_format(tmp_path / "b")


@pytest.mark.parametrize(
    ("name", "given", "found"),
    [
        ("a.json", None, "coco-vid"),
        ("a.csv", None, "csv"),
        ("a.PQ", None, "parquet"),
        ("x/gt.txt", None, "mot"),
        ("x/det.txt", None, "mot-det"),
        ("a.txt", "kitti", "kitti"),
        ("folder", "cvat", "cvat"),
    ],
)
def test_targets(name: str, given: Format | None, found: str) -> None:
    assert target_format(Path(name), given) == found


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("a.xml", None, "a.xml: cvat and detrac end in .xml; say --to with one"),
        ("a.txt", None, "mot and mot-det and kitti end in .txt"),
        ("folder", None, "folder: a folder may hold any format; say --to with one of mot"),
        ("a.json", "cvat", "a.json: a cvat file ends in .xml; rename it, or give a folder"),
    ],
)
def test_unclear_targets(name: str, given: Format | None, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        target_format(Path(name), given)


def test_names_of_formats() -> None:
    assert check_format(None, "--to") is None
    assert check_format("cvat", "--to") == "cvat"
    with pytest.raises(ConfigError, match="--to: unknown format 'cvta'; did you mean 'cvat'"):
        check_format("cvta", "--to")
