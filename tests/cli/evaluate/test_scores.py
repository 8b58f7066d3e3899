"""`mohart eval mot` and `mohart eval kitti`, in process."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from mohart.cli.main import main


@pytest.fixture
def mot(tmp_path: Path) -> list[str]:
    """A sequence with a distractor, one miss, one switch, and a result on the distractor."""
    truth = [f"{t},1,{9 * t},0,40,80,1,1,1\n{t},2,400,0,40,80,0,8,1\n" for t in range(1, 11)]
    mine = [f"{t},{1 + (t > 6)},{9 * t},0,40,80,0.5,-1,-1,-1\n" for t in range(1, 11) if t != 4]
    mine += [f"{t},9,402,0,40,80,0.5,-1,-1,-1\n" for t in range(1, 11)]
    for path, rows in (("gt/MOT17-02/gt/gt.txt", truth), ("mine/MOT17-02.txt", mine)):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("".join(rows))
    return ["eval", "mot", "--gt", str(tmp_path / "gt"), "--results", str(tmp_path / "mine")]


@pytest.fixture
def kitti(tmp_path: Path) -> list[str]:
    for folder in ("label_02", "results"):
        (tmp_path / folder).mkdir()
        rows = [f"{t} 3 Car 0 0 0 10 10 90 90 1 2 3 4 5 6 7\n" for t in range(6)]
        (tmp_path / folder / "0000.txt").write_text("".join(rows))
    folders = ["--gt", str(tmp_path / "label_02"), "--results", str(tmp_path / "results")]
    return ["eval", "kitti", *folders]


def test_mot_table(mot: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(mot) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0] == "mine, pedestrian: MOTChallenge 2D (mot17), 1 sequence, split all"
    header, combined = lines[1].split(), lines[3].split()
    values = dict(zip(header, combined, strict=True))
    assert (values["sequence"], values["MOTA"], values["IDSW"]) == ("COMBINED", "80.000", "1")
    assert (values["FN"], values["FP"], values["Frag"]) == ("1", "0", "0")
    assert "ignored because:" in out
    assert "     10  result on a distractor" in out
    assert "note: benchmark mot17, by their names" in err


def test_files(mot: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {"--json": "s.json", "--csv": "s.csv", "--events": "e.csv"}
    options = [word for option, n in names.items() for word in (option, str(tmp_path / n))]
    assert main([*mot, *options, "--tracker", "me"]) == 0
    content = json.loads((tmp_path / "s.json").read_text())
    assert content["protocol"]["benchmark"] == "mot17"
    assert content["dataset"]["sequences"] == {"MOT17-02": 10}
    assert content["options"]["benchmark"] == "auto"
    assert content["versions"]["mohart"]
    assert [row["sequence"] for row in content["rows"]] == ["MOT17-02", "COMBINED"]
    assert content["rows"][1]["fields"]["HOTA_TP"] == [9] * 19
    table = list(csv.DictReader((tmp_path / "s.csv").read_text().splitlines()))
    assert (table[1]["tracker"], table[1]["MOTA"]) == ("me", "80.000000")
    events = list(csv.DictReader((tmp_path / "e.csv").read_text().splitlines()))
    assert [(e["event"], e["frame"], e["previous_id"]) for e in events] == [
        ("miss", "4", ""),
        ("switch", "7", "1"),
    ]
    capsys.readouterr()
    assert main([*mot, *options]) == 2
    assert "s.json: exists already" in capsys.readouterr().err
    assert main([*mot, *options, "--overwrite"]) == 0


@pytest.mark.slow
def test_report_and_parquet(mot: list[str], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    parquet = pytest.importorskip("pyarrow.parquet")
    paths = tmp_path / "r.png", tmp_path / "e.parquet"
    assert main([*mot, "--report", str(paths[0]), "--events", str(paths[1])]) == 0
    assert paths[0].read_bytes().startswith(b"\x89PNG")
    assert parquet.read_table(paths[1]).column("event").to_pylist() == ["miss", "switch"]


def test_motmetrics_is_labelled(
    mot: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = tmp_path / "s.json"
    assert main([*mot, "--metrics", "motmetrics", "--json", str(saved)]) == 0
    out = capsys.readouterr().out
    assert "motmetrics' own summary (not TrackEval's; motp is a distance, 1 - IoU)" in out
    overall = next(line for line in out.splitlines() if line.startswith("OVERALL")).split()
    assert overall[1] == "0.8000"
    assert json.loads(saved.read_text())["motmetrics"]["pedestrian"]["OVERALL"]["mota"] == 0.8


def test_kitti_table(kitti: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*kitti, "--classes", "Car, pedestrian"]) == 0
    out, err = capsys.readouterr()
    assert "results, car: KITTI tracking 2D (kitti), 1 sequence, split all" in out
    assert "results, pedestrian:" in out
    assert "no seqmap for 0000" in err
    assert main([*kitti, "--classes", "car", "--split", "0000"]) == 0
    assert "pedestrian" not in capsys.readouterr().out


def test_problems_are_listed_and_nothing_is_scored(
    mot: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine" / "MOT17-02.txt").write_text("0,1,0,0,9,9,1,-1,-1,-1\n1,1,0,0\n")
    assert main([*mot, "--json", str(tmp_path / "s.json")]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 3
    assert "MOT17-02.txt:2: expected 6 to 10 columns" in lines[0]
    assert "MOT17-02.txt:1: frame 0, but MOT frames count from 1; add 1" in lines[1]
    assert lines[2] == "error: nothing was scored: 2 problems in the input, listed above"
    assert not (tmp_path / "s.json").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--benchmark", "mot18"], "--benchmark: unknown 'mot18'; did you mean"),
        (["--events", "e.xlsx"], "expected a file ending in .csv or .parquet"),
        (["--report", "r.gif"], "ending in .png"),
        (["--json", "none/s.json"], "its folder does not exist"),
        (["--results", "nowhere"], "nowhere: no such file or folder"),
    ],
)
def test_bad_options(
    mot: list[str], capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main([*mot, *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.slow
def test_scoring_imports_neither_torch_nor_pandas(mot: list[str], kitti: list[str]) -> None:
    program = (
        "import sys; from mohart.cli.main import main\n"
        f"assert main({mot!r}) == 0 and main({kitti!r}) == 0\n"
        "print([m for m in ('torch', 'pandas', 'cv2', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
