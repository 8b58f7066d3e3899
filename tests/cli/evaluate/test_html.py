"""`mohart eval mot --report FILE.html`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from mohart.cli.evaluate.html import find_video
from mohart.cli.main import main
from mohart.errors import MissingDataError

pytest.importorskip("trackeval")


@pytest.fixture
def mot(tmp_path: Path) -> list[str]:
    """Two sequences, the first with pictures."""
    for name in ("MOT17-02", "MOT17-04"):
        truth = [f"{t},1,{9 * t},0,40,80,1,1,1\n" for t in range(1, 7)]
        mine = [f"{t},{1 + (t > 4)},{9 * t},0,40,80,0.5,-1,-1,-1\n" for t in range(1, 7) if t != 3]
        for path, rows in ((f"gt/{name}/gt/gt.txt", truth), (f"mine/{name}.txt", mine)):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text("".join(rows))
    images = tmp_path / "gt/MOT17-02/img1"
    images.mkdir()
    for t in range(6):
        cv2.imwrite(str(images / f"{t + 1:06d}.png"), np.full((90, 120, 3), 20 * t, np.uint8))
    return ["eval", "mot", "--gt", str(tmp_path / "gt"), "--results", str(tmp_path / "mine")]


def test_all_sequences_on_one_page(
    mot: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, scores = tmp_path / "r.html", tmp_path / "s.json"
    assert main([*mot, "--report", str(out), "--json", str(scores)]) == 0
    page = out.read_text("utf-8")
    found = re.search(r'id="scores">(.*?)</script>', page)
    assert found
    official = json.loads(scores.read_text())["rows"]
    assert [row["scores"] for row in json.loads(found[1])] == [row["scores"] for row in official]
    assert page.count('class="sequence"') == 2
    assert page.count("true object 1: 1 becomes 2") == 2
    assert "no pictures of MOT17-04" in page
    strips = re.search(r'id="pictures-0">(.*?)</script>', page)
    assert strips
    assert len(json.loads(strips[1])["strips"]) == 2
    capsys.readouterr()
    assert main([*mot, "--report", str(out)]) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--source", "{}"], "--source has no effect without --report FILE.html"),
        (["--report", "{}/r.html", "--source", "{}/nothing"], "nothing: no such file or folder"),
        (["--report", "{}/r.html", "--source", "{}/mine"], "no video of sequence 'MOT17-02'"),
        (["--report", "{}/r.html", "--source", "{}/small"], "the frame of 30x20 pixels"),
    ],
)
def test_mistakes_are_one_line(
    mot: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    for name in ("MOT17-02", "MOT17-04"):
        (tmp_path / "small" / name).mkdir(parents=True)
        picture = np.zeros((20, 30, 3), np.uint8)
        cv2.imwrite(str(tmp_path / "small" / name / "1.png"), picture)
    assert main([*mot, *(word.format(tmp_path) for word in arguments)]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "r.html").exists()


def test_where_a_video_is_looked_for(mot: list[str], tmp_path: Path) -> None:
    truth = tmp_path / "gt"
    assert find_video("MOT17-02", None, truth, alone=False) == truth / "MOT17-02"
    assert find_video("MOT17-04", None, truth, alone=False) is None
    alone = truth / "MOT17-02/gt/gt.txt"
    assert find_video("other", None, alone, alone=True) == truth / "MOT17-02"
    assert find_video("MOT17-02", truth, truth, alone=False) == truth / "MOT17-02"
    with pytest.raises(MissingDataError, match=r"expected MOT17-04/ .* or MOT17-04\.mp4"):
        find_video("MOT17-04", tmp_path / "mine", truth, alone=False)
