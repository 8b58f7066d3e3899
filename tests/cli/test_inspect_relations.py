from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mohart.cli.main import main
from mohart.video import open_source

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture
def boxes(tmp_path: Path) -> Path:
    path = tmp_path / "boxes.csv"
    path.write_text("id,x,y,w,h\n3,2,4,20,30\n8,30,10,16,24\n")
    return path


@pytest.mark.slow
def test_numbers_and_video_are_written(
    clip: Path, boxes: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["inspect", str(clip), "--init", str(boxes), "-o", str(out), "--device", "cpu"]
    assert main([*arguments, "--init-frame", "3", "--frames", "4"]) == 0
    data = np.load(out / "relations.npz")
    assert data["frames"].tolist() == [4, 5, 6]
    assert data["ids"].tolist() == [3, 8]
    assert data["influence"].shape == (3, 2, 2)
    assert data["attention"].shape == (3, 4, 2, 2)
    with open_source(out / "relations.mp4") as video:
        assert sum(1 for _ in video) == 3
        assert (video.width, video.height) == (64, 48)
    assert "attention and influence of 2 objects (attention) over 3 frames" in (
        capsys.readouterr().out
    )
    assert sorted(p.name for p in out.iterdir()) == ["relations.mp4", "relations.npz"]
    assert main(arguments) == 2
    assert "exists already" in capsys.readouterr().err
    assert main([*arguments, "--overwrite", "--relation", "self_only", "--no-video"]) == 0
    assert (np.load(out / "relations.npz")["influence"] == 0).all()


def test_boxes_of_the_command_line_go_to_a_folder_named_like_the_video(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ["inspect", str(clip), "--box", "2,4,20,30", "--box", "30,10,16,24", "--no-video"]
    assert main([*command, "--device", "cpu", "--frames", "3"]) == 0
    data = np.load(tmp_path / "out" / f"{clip.stem}-relations" / "relations.npz")
    assert data["ids"].tolist() == [1, 2]
    assert main(["inspect", str(clip), "--device", "cpu"]) == 2
    assert "one of the arguments --init --box is required" in capsys.readouterr().err


def test_the_page_shows_relations_and_findings(clip: Path, boxes: Path, tmp_path: Path) -> None:
    found, out = tmp_path / "probe<1>", tmp_path / "out"
    found.mkdir()
    (found / "table.txt").write_text("label  memory\nsize  0.9 <b>\n")
    (found / "layers.png").write_bytes(b"\x89PNG")
    command = ["inspect", str(clip), "--init", str(boxes), "-o", str(out), "--device", "cpu"]
    assert main([*command, "--frames", "4", "--no-video", "--page", "--with", str(found)]) == 0
    page = (out / "index.html").read_text()
    assert page.count("data:image/jpeg;base64,") == 3
    assert page.count("data:image/png;base64,") == 1
    assert "takes from 8" in page
    assert "probe&lt;1&gt;" in page
    assert "0.9 &lt;b&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert sorted(p.name for p in out.iterdir()) == ["index.html", "relations.npz"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--init-frame", "0"], "frames count from 1"),
        (["--init-frame", "99"], "--init-frame 99 is past the end"),
        (["--init-frame", "10"], "no frame after the first one"),
        (["--frames", "1"], "--frames: expected at least 2"),
        (["--relation", "mlp"], "were trained with 'attention'"),
        (["--model", "nowhere.safetensors"], "no such weights"),
        (["--with", "somewhere"], "--with: is shown on the page; give --page"),
        (["--page", "--with", "somewhere"], "somewhere: no table.txt; expected the folder of"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    clip: Path,
    boxes: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    out = tmp_path / "out"
    command = ["inspect", str(clip), "--init", str(boxes), "-o", str(out), "--device", "cpu"]
    assert main([*command, *arguments]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error
    assert not out.exists() or not list(out.iterdir())
