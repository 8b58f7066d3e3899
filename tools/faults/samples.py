"""Small whole files of every kind, to be damaged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mohart.data.annotation_files import render
from mohart.formats.annotation import Annotation
from mohart.formats.detect import ENDINGS, FORMATS, Format
from mohart.structures import Tracks

FRAMES, PEOPLE = 12, 4
SIZE = (640, 480)
LAST_FRAME = 25  # of a real file, to keep a case short


class Scored(NamedTuple):
    """A sequence that scores well before it is damaged."""

    kind: str
    truth: str
    results: str


class Sample(NamedTuple):
    """A file: the ending of its name, and its content."""

    ending: str
    content: str | bytes
    format: Format | None = None


def generated_scored() -> list[Scored]:
    """Small sequences in the formats of MOT15, MOT17 and KITTI, with results."""
    boxes = np.random.default_rng(7).uniform(50, 400, (PEOPLE, 2))
    gt15, gt17, mot, label, kitti = [], [], [], [], []
    for t in range(FRAMES):
        for n, (x, y) in enumerate(boxes + 5 * t):
            size = "40.0,80.0"
            number = (1, 1, 7, 3)[n]
            gt15.append(f"{t + 1},{n + 1},{x:.2f},{y:.2f},{size},1,-1,-1,-1")
            gt17.append(f"{t + 1},{n + 1},{x:.2f},{y:.2f},{size},{int(n < 2)},{number},0.9")
            mot.append(f"{t + 1},{n + 1},{x + 2:.2f},{y - 2:.2f},{size},0.8,-1,-1,-1")
            name = ("Car", "Pedestrian", "Van", "Car")[n]
            corners = f"{x:.2f} {y:.2f} {x + 40:.2f} {y + 80:.2f}"
            label.append(f"{t} {n} {name} {n % 2} {n} -1.5 {corners} 1 2 3 4 5 6 7")
            kitti.append(f"{t} {n} {name} -1 -1 -10 {corners} -1 -1 -1 -1 -1 -1 -1 0.9")
        label.append(f"{t} -1 DontCare -1 -1 -10 500 50 600 90 -1 -1 -1 -1 -1 -1 -1")
    texts = ["\n".join(rows) + "\n" for rows in (gt15, gt17, mot, label, kitti)]
    return [
        Scored("mot", texts[0], texts[2]),
        Scored("mot", texts[1], texts[2]),
        Scored("kitti", texts[3], texts[4]),
    ]


def real_scored(data: Path) -> list[Scored]:
    """The first frames of real sequences, from a folder laid out as in datasets/README.md."""
    found = []
    for truth in sorted(data.glob("mot15/TUD-*/gt.txt")):
        found.append(Scored("mot", _head(truth), _head(truth.with_name("test.txt"))))
    for path in sorted(data.glob("mot17/*/gt/gt.txt")):
        truth_rows = _head(path)
        rows = [",".join(line.split(",")[:6]) for line in truth_rows.splitlines()]
        found.append(Scored("mot", truth_rows, "".join(f"{row},0.9,-1,-1,-1\n" for row in rows)))
    for tracker in sorted(data.glob("kitti/results/*")):
        for name in ("0000", "0011", "0014"):
            truth = data / "kitti/label_02" / f"{name}.txt"
            found.append(Scored("kitti", _head(truth), _head(tracker / truth.name)))
    return found


def _head(path: Path) -> str:
    lines = path.read_text().splitlines()
    return "".join(f"{line}\n" for line in lines if _frame(line) <= LAST_FRAME)


def _frame(line: str) -> int:
    return int(line.replace(",", " ").split()[0])


def annotation() -> Annotation:
    """A few people and cars on their way, with extras."""
    frame = np.repeat(np.arange(FRAMES), PEOPLE)
    track = np.tile(np.arange(1, PEOPLE + 1), FRAMES)
    corner = np.stack([30 * track + 4 * frame, 20 * track + 3 * frame], 1).astype(float)
    tracks = Tracks.from_columns(
        frame,
        track,
        np.concatenate([corner, corner + np.array([30, 60])], 1),
        confidence=np.linspace(0.2, 1, len(frame)),
        class_id=track % 2,
    )
    return Annotation(
        tracks=tracks,
        classes={0: "person", 1: "car"},
        name="clip",
        width=SIZE[0],
        height=SIZE[1],
        frame_rate=25.0,
        length=FRAMES,
        extras={"colour": ["red"] * len(frame)},
    )


def annotation_files() -> list[Sample]:
    """One file per format, and kinds of it."""
    record = annotation()
    plain = replace(record, tracks=replace(record.tracks, confidence=np.ones(len(record.tracks))))
    found = []
    for fmt in FORMATS:
        for what, kind in ((record, "results"), (plain, "gt")):
            content = render([what], fmt, kind).content  # type: ignore[arg-type]
            found.append(Sample(ENDINGS[fmt][0], content, fmt))
    return found


def box_files() -> list[Sample]:
    """Files of start boxes and corrections, as people write them."""
    rows = [(1, 1, 20, 30, 40, 80), (1, 2, 120, 30, 45, 90), (9, 1, 60, 40, 40, 80)]
    listed = "".join(f"{','.join(map(str, row))}\n" for row in rows)
    mot = "".join(f"{','.join(map(str, row))},1,-1,-1,-1\n" for row in rows)
    places = [list(row[2:]) for row in rows[:2]]
    return [
        Sample(".csv", f"frame,id,x,y,w,h\n{listed}12,2,end\n"),
        Sample(".csv", "x,y,w,h\n20,30,40,80\n120,30,45,90\n"),
        Sample(".csv", "id;x1;y1;x2;y2\n1;20,5;30;60,5;110\n2;120;30;165;120\n"),
        Sample(".csv", "# drawn by hand\nxmin,ymin,xmax,ymax\n20,30,60,110\n"),
        Sample(".csv", "cx\tcy\tw\th\n40\t70\t40\t80\n"),
        Sample(".txt", mot),
        Sample(".txt", "20 30 40 80\n120 30 45 90\n"),
        Sample(".json", json.dumps(places)),
        Sample(".json", json.dumps([{"id": 7, "box": places[0]}, {"id": 8, "box": places[1]}])),
        Sample(".json", json.dumps([{"frame": 1, "id": 7, "x": 1, "y": 2, "w": 30, "h": 40}])),
    ]


def coco_results() -> Sample:
    """A list of results as detectors write it."""
    rows = [
        {"image_id": t + 1, "category_id": 1, "bbox": [30.0 + t, 20, 30, 60], "score": 0.8}
        for t in range(FRAMES)
    ]
    return Sample(".json", json.dumps(rows))
