"""`mohart report`, in process: what it writes, what it refuses, and in which words."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mohart.cli.main import main
from mohart.data.annotation_files import find_sources, read_source, render
from mohart.video import VideoWriter, open_source

SAMPLE = Path(__file__).parents[2] / "datasets/samples/synth-0080"
GT = SAMPLE / "gt/gt.txt"
EVIL = "<script>alert(1)</script>&\"'"


def script(page: str, name: str) -> Any:
    """What the page's script is told under a name."""
    found = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, re.S)
    assert found
    return json.loads(found[1])


def write_mot(path: Path, rows: list[tuple[int, int]]) -> Path:
    lines = [f"{frame},{track},{5 + frame},4,20,30,0.5,-1,-1,-1\n" for frame, track in rows]
    path.write_text("".join(lines))
    return path


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    """Two objects in the clip, one with a gap."""
    rows = [(frame, 1) for frame in range(1, 11)] + [(frame, 2) for frame in (2, 3, 7)]
    return write_mot(tmp_path / "mine.txt", sorted(rows))


@pytest.mark.slow
def test_a_page_without_truth(
    clip: Path, tracks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "report.html"
    command = ["report", str(tracks), "--source", str(clip), "-o", str(out)]
    assert main(command) == 0
    assert "2 identities over 10 frames of clip\n" in capsys.readouterr().out
    page = out.read_text("utf-8")
    data = script(page, "data-0")
    assert [one["runs"] for one in data["ids"]] == [
        [["tracked", 0, 9]],
        [["tracked", 1, 2], ["tracked", 6, 6]],
    ]
    assert data["ids"][1]["path"][1][:2] == [6, [12, 4, 32, 34]]
    film = script(page, "pictures-0")["film"]
    assert sorted(map(int, film)) == list(range(10))
    assert all(src.startswith("data:image/webp;base64,") for src in film.values())
    assert "Errors" not in page
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []

    assert main(command) == 2
    assert f"{out}: exists already; choose another file, or give --overwrite" in (
        capsys.readouterr().err
    )
    assert main([*command, "--overwrite"]) == 0
    assert out.read_text("utf-8") == page, "equal inputs give equal bytes"


@pytest.mark.slow
def test_numbers_equal_those_of_eval(tmp_path: Path) -> None:
    pytest.importorskip("trackeval")
    tracks, out, scores = (tmp_path / name for name in ("t.txt", "r.html", "s.json"))
    rows = [line.split(",") for line in GT.read_text().splitlines()]
    swap = {"1": "2", "2": "1"}  # in the second half
    tracks.write_text(
        "".join(
            f"{r[0]},{swap.get(r[1], r[1]) if int(r[0]) > 40 else r[1]},"
            f"{float(r[2]) + 2 * (n % 13)},{r[3]},{r[4]},{r[5]},0.8,-1,-1,-1\n"
            for n, r in enumerate(rows)
            if n % 5
        )
    )
    truth = ["--gt", str(GT)]
    assert main(["report", str(tracks), "--source", str(SAMPLE), *truth, "-o", str(out)]) == 0
    assert main(["eval", "mot", *truth, "--results", str(tracks), "--json", str(scores)]) == 0
    page = out.read_text("utf-8")
    official = json.loads(scores.read_text())["rows"]
    assert [row["scores"] for row in script(page, "scores")] == [row["scores"] for row in official]
    cells = re.findall(r"<td>([\d.-]+)</td>", page)
    told = official[-1]["scores"]
    assert cells[: len(told)] == [
        f"{v:.3f}" if isinstance(v, float) else str(v) for v in told.values()
    ]
    errors = script(page, "data-0")["errors"]
    for kind, name in (("false_positive", "FP"), ("miss", "FN"), ("switch", "IDSW")):
        rows_of = [e["last"] - e["first"] + 1 for e in errors if e["kind"] == kind]
        assert sum(rows_of) == told[name] > 0
    assert len(script(page, "pictures-0")["strips"]) == len(errors)


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "jsonl", "json", "parquet"])
def test_results_of_any_format(clip: Path, tracks: Path, tmp_path: Path, ending: str) -> None:
    formats = {"csv": "csv", "jsonl": "jsonl", "json": "coco-vid", "parquet": "parquet"}
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    pytest.importorskip("trackeval")
    record = read_source(find_sources(tracks, kind="results")[0])
    content = render(record, formats[ending], "results").content  # type: ignore[arg-type]
    other = tmp_path / f"mine.{ending}"
    data = content.encode() if isinstance(content, str) else content
    other.write_bytes(data)
    pages = []
    for path in (tracks, other):
        out = tmp_path / f"{path.suffix}.html"
        truth = ["--gt", str(tmp_path / "gt.txt")]
        assert main(["report", str(path), "--source", str(clip), *truth, "-o", str(out)]) == 0
        pages.append(out.read_text("utf-8"))
    first, second = (script(page, "data-0") for page in pages)
    assert first["ids"] == second["ids"]
    assert first["errors"] == second["errors"]
    assert script(pages[0], "scores")[0]["scores"] == script(pages[1], "scores")[0]["scores"]


def test_an_output_folder_of_track(clip: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "tracks.csv").write_text(
        "frame,track_id,x1,y1,x2,y2,confidence,class_id,state\n"
        "0,1,1,2,21,32,1,-1,active\n1,1,2,2,22,32,0.4,-1,predicted\n2,1,2,2,22,32,0.1,-1,lost\n"
    )
    write_mot(folder / "tracks.txt", [(1, 1), (2, 1)])
    (folder / "keyframes.csv").write_text("frame,id,x,y,w,h\n1,1,1,2,20,30\n4,1,end\n")
    (folder / "run.json").write_text('{"mohart": "x", "tracker": "mohart", "warnings": ["mind"]}')
    out = tmp_path / "r.html"
    assert main(["report", str(folder), "--source", str(clip), "-o", str(out)]) == 0
    page = out.read_text("utf-8")
    (one,) = script(page, "data-0")["ids"]
    assert one["runs"] == [["active", 0, 0], ["predicted", 1, 1], ["lost", 2, 2]]
    assert one["keys"] == [[0, False], [3, True]]
    assert one["path"][0][2] == [100, 40, 10]
    for text in ("predicted: hidden for now", "drawn by a person", "ended by a person", "mind"):
        assert text in page


def test_names_from_files_are_escaped(tmp_path: Path) -> None:
    folder = tmp_path / "<img src=x onerror=alert(1)>"
    folder.mkdir()
    frames = np.zeros((3, 48, 64, 3), np.uint8)
    with VideoWriter(folder / "a<b>&'c.mp4", 64, 48, 25) as writer:
        for frame in frames:
            writer.write(frame)
    rows = [
        {"frame": t, "track_id": k, "x1": 1, "y1": 2, "x2": 20, "y2": 30, "class_name": name}
        for t in range(3)
        for k, name in ((1, EVIL), (2, "</script><b>"))
    ]
    tracks = folder / "t<i>.jsonl"
    tracks.write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "r.html"
    video = folder / "a<b>&'c.mp4"
    assert main(["report", str(tracks), "--source", str(video), "-o", str(out)]) == 0
    page = out.read_text("utf-8")
    for wrong in ("<script>alert", "<img src=x", "<b>", "<i>", "</script><b"):
        assert wrong not in page
    assert "a&lt;b&gt;&amp;&#39;c" in page
    names = [one["name"] for one in script(page, "data-0")["ids"]]
    assert names == [EVIL, "</script><b>"]
    assert page.count("<script") == page.count("</script>") == 3


def broken(tmp_path: Path, name: str) -> list[str]:
    """The arguments of a mistake."""
    clip, mine = tmp_path / "clip.mp4", tmp_path / "mine.txt"
    empty = tmp_path / "empty.txt"
    empty.write_text("\n")
    usual = ["report", str(mine), "--source", str(clip)]
    size = tmp_path / "size.txt"
    size.write_text("".join(f"{t},1,{200 + 9 * t},400,90,80,1,1,1\n" for t in range(1, 11)))
    late = write_mot(tmp_path / "late.txt", [(frame, 1) for frame in range(1, 12)])
    later = write_mot(tmp_path / "later.txt", [(900, 1)])
    seq = tmp_path / "seq" / "gt"
    seq.mkdir(parents=True)
    (seq / "gt.txt").write_text("1,1,5,5,9,9,1,1,1\n")
    (seq.parent / "seqinfo.ini").write_text(
        "[Sequence]\nname=seq\nimDir=img1\nframeRate=25\nseqLength=10\nimWidth=640\nimHeight=480\n"
        "imExt=.jpg\n"
    )
    (tmp_path / "bare").mkdir()
    return {
        "no video": ["report", str(mine), "--source", str(tmp_path / "nothing.mp4")],
        "no tracks": ["report", str(tmp_path / "nothing.txt"), "--source", str(clip)],
        "empty tracks": ["report", str(empty), "--source", str(clip)],
        "bare folder": ["report", str(tmp_path / "bare"), "--source", str(clip)],
        "one frame too many": ["report", str(late), "--source", str(clip)],
        "far too many frames": ["report", str(later), "--source", str(clip)],
        "other size": [*usual, "--gt", str(size)],
        "other size said": [*usual, "--gt", str(seq.parent)],
        "late truth": [*usual, "--gt", str(late)],
        "empty truth": [*usual, "--gt", str(empty)],
        "no truth": [*usual, "--gt", str(tmp_path / "nothing.txt")],
        "a camera": ["report", str(mine), "--source", "0"],
        "explain a file": [*usual, "--explain"],
        "a picture": [*usual, "-o", str(tmp_path / "r.png")],
        "no folder": [*usual, "-o", str(tmp_path / "no" / "r.html")],
    }[name]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no video", "nothing.mp4: no such file or folder; expected a video file"),
        ("no tracks", "nothing.txt: no such file or folder; check the path"),
        ("empty tracks", "empty.txt: no rows, so there is nothing to report"),
        ("bare folder", "bare: neither tracks.csv nor tracks.txt in this folder"),
        ("one frame too many", "late.txt: has boxes up to frame 11, but clip has 10 frames"),
        ("far too many frames", "later.txt: has boxes up to frame 900, but clip has 10 frames"),
        ("other size", "size.txt: 10 of 10 boxes lie outside the frame of 64x48 pixels"),
        ("other size said", "seqinfo.ini: the truth is for frames of 640x480 pixels"),
        ("late truth", "late.txt: has boxes up to frame 11, but clip has 10 frames"),
        ("empty truth", "empty.txt: an empty file, so there is no ground truth in it"),
        ("no truth", "nothing.txt: no such file; check the path"),
        ("a camera", "--source 0: a report needs a recorded video, not a camera"),
        ("explain a file", "--explain needs the output folder of a run of mohart track"),
        ("a picture", "r.png: expected a file ending in .html"),
        ("no folder", "r.html: its folder does not exist"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(
    clip: Path,
    tracks: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    message: str,
) -> None:
    if "truth" in name or "size" in name:
        pytest.importorskip("trackeval")
    arguments = broken(tmp_path, name)
    command = arguments if "-o" in arguments else [*arguments, "-o", str(tmp_path / "r.html")]
    assert main(command) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1].startswith("error: ")
    assert message in lines[-1]
    assert not any(line.startswith("error") for line in lines[:-1])
    assert not list(tmp_path.glob("*.html"))
    assert not [path for path in tmp_path.iterdir() if "r-files" in path.name]


def test_pictures_beside_the_page(
    clip: Path, tracks: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "my report.html"
    command = ["report", str(tracks), "--source", str(clip), "--link", "-o", str(out)]
    assert main(command) == 0
    folder = tmp_path / "my report-files"
    film = script(out.read_text("utf-8"), "pictures-0")["film"]
    assert film["3"] == "my%20report-files/film-000004.webp"
    assert sorted(p.name for p in folder.glob("film-*")) == [
        f"film-{n:06d}.webp" for n in range(1, 11)
    ]
    capsys.readouterr()
    out.unlink()
    assert main(command) == 2
    assert "my report-files: exists already" in capsys.readouterr().err
    (folder / "mine.doc").write_text("precious")
    assert main([*command, "--overwrite"]) == 2
    assert "holds something else" in capsys.readouterr().err
    (folder / "mine.doc").unlink()
    assert main([*command, "--overwrite"]) == 0


@pytest.mark.slow
def test_explain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = tmp_path / "run"
    boxes = tmp_path / "boxes.csv"  # a correction in frame 12, an end in frame 18
    rows = [line.split(",")[:6] for line in GT.read_text().splitlines()]
    drawn = [row for row in rows if row[0] == "1" or row[:2] == ["12", "2"]]
    lines = ["frame,id,x,y,w,h", *map(",".join, drawn), "18,5,end"]
    boxes.write_text("".join(f"{line}\n" for line in lines))
    track = ["track", str(SAMPLE), "--init", str(boxes), "--frames", "24", "--no-video", "-o"]
    assert main([*track, str(run)]) == 0
    out = tmp_path / "r.html"
    command = ["report", str(run), "--source", str(SAMPLE), "--explain", "--device", "cpu"]
    assert main([*command, "-o", str(out)]) == 0
    page = out.read_text("utf-8")
    moments = script(page, "data-0")["moments"]
    pictures = script(page, "pictures-0")["moments"]
    assert 1 <= len(moments) == len(pictures) <= 8
    with open_source(SAMPLE) as source:
        width, height = source.width, source.height
    for moment, picture in zip(moments, pictures, strict=True):
        assert 0 < moment["frame"] < 24
        count = len(moment["objects"])
        assert count == len(picture["looks"]) == (5 if moment["frame"] < 18 else 4)
        assert np.allclose(np.sum(moment["attention"], 1), 1, atol=1e-3)
        assert np.shape(moment["influence"]) == (count, count)
        for one in moment["objects"]:
            x1, y1, x2, y2 = one["box"]
            assert -width < x1 < x2 < 2 * width
            assert -height < y1 < y2 < 2 * height
        assert all(look["scores"].startswith("data:image/webp") for look in picture["looks"])
    assert "the boxes are not those of the result" not in page, "the same way was gone"
    assert "What the network looked at" in page
