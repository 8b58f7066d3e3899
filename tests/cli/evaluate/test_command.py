"""`mohart eval` itself: its kinds, and --compare."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mohart.cli.main import main


@pytest.fixture
def results(tmp_path: Path) -> list[str]:
    """Two result files of the same truth, and one of another."""
    paths = []
    for name, missing in (("a", 3), ("b", 1), ("c", 1)):
        for part in ("truth", name):
            (tmp_path / part).mkdir(exist_ok=True)
        for sequence in ("s1", "s2", "s3"):
            length = 9 if name == "c" else 8
            rows = [f"{t},1,{9 * t},0,40,80,1,-1,-1,-1\n" for t in range(1, length + 1)]
            (tmp_path / "truth" / f"{sequence}.txt").write_text("".join(rows))
            (tmp_path / name / f"{sequence}.txt").write_text("".join(rows[missing:]))
        paths.append(str(tmp_path / f"{name}.json"))
        files = ["--gt", str(tmp_path / "truth"), "--results", str(tmp_path / name)]
        assert main(["eval", "mot", *files, "--json", paths[-1]]) == 0
    return paths


@pytest.mark.slow
def test_compare(results: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["eval", "--compare", *results[:2]]) == 0
    out = capsys.readouterr().out
    lines = {line.split()[0]: line.split() for line in out.splitlines() if line}
    assert lines["MOTA"][1:4] == ["62.500", "87.500", "+25.000"]
    assert lines["FN"][1:4] == ["9", "3", "-6"]
    assert "paired bootstrap over 3 sequences" in out
    assert "with 3 sequences the intervals say little" in out


def test_compare_refuses_what_is_not_comparable(
    results: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["eval", "--compare", results[0], results[2]]) == 2
    assert "datasets differ in frames (24 and 27)" in capsys.readouterr().err
    content = json.loads(Path(results[1]).read_text())
    content["protocol"]["benchmark"] = "mot20"
    Path(results[1]).write_text(json.dumps(content))
    assert main(["eval", "--compare", *results[:2]]) == 2
    assert "protocols differ in benchmark ('mot15' and 'mot20')" in capsys.readouterr().err
    assert main(["eval", "--compare", results[0], str(tmp_path / "none.json")]) == 2
    assert "no such file" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say what to measure: mot, kitti, init, or --compare A.json B.json"),
        (["--compare", "a.json"], "--compare: expected 2 arguments"),
        (["mto"], "unknown 'mto'; did you mean 'mot'?"),
    ],
)
def test_wrong_use(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["eval", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
