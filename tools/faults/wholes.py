"""The folder of `mohart app`, and whole commands, with one damaged file."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from faults.damage import Generator, damage_json, pick
from faults.samples import annotation_files, box_files
from faults.texts import write_damaged
from faults.watch import Try
from mohart.app.jobs import Jobs
from mohart.app.project import Projects
from mohart.app.videos import Videos
from mohart.cli.main import main
from mohart.errors import FormatError
from mohart.video import VideoWriter

SIZE = (64, 48)


def app_folders(folder: Path, _: Path | None) -> Try:
    """`mohart app`: a file in its folder is damaged when it starts."""
    video, job = "0123456789abcdef", "fedcba9876543210"
    row = {"frame": 0, "id": 1, "box": [1.0, 2.0, 30.0, 40.0]}
    files: dict[str, Any] = {
        f"videos/{video}/meta.json": {
            "name": "clip.mp4",
            "path": "/clip.mp4",
            "created": 1.0,
            "bytes": 10,
        },
        f"videos/{video}/check.json": {"status": "ready", "frames": 12, "width": 64, "height": 48},
        f"videos/{video}/project.json": {"version": 1, "rows": [row], "names": {"1": "a"}},
        f"jobs/{job}/job.json": {
            "video": video,
            "created": 1.0,
            "attempt": 1,
            "settings": {"first": 0, "version": 1, "rows": [row], "detector": None},
        },
        f"jobs/{job}/outcome.json": {"status": "done", "message": None, "last": 11, "warnings": []},
    }

    def attempt(generator: Generator) -> str:
        app = folder / "app"
        shutil.rmtree(app, ignore_errors=True)
        name = pick(tuple(files), generator)
        for other, content in files.items():
            (app / other).parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(content)
            data = damage_json(text, generator) if other == name else text.encode()
            (app / other).write_bytes(data)
        if generator.random() < 0.3:
            (app / f"jobs/{job}/outcome.json").unlink()
        videos, jobs = Videos(app, 1 << 20), Jobs(app, workers=0)
        jobs.start()
        jobs.stop()
        json.dumps([videos.all(), jobs.of_video(video)])
        jobs.about(job)
        videos.ready(video)
        Projects(videos).get(video).keyframes()
        return str(name)

    return attempt


def commands(folder: Path, _: Path | None) -> Try:
    """Whole commands with a damaged file, in process: one line and exit code 2, or all is well."""
    clip = folder / "clip.mp4"
    with VideoWriter(clip, *SIZE, 25) as writer:
        for shade in range(4):
            writer.write(np.full((SIZE[1], SIZE[0], 3), 40 * shade, np.uint8))
    out = folder / "out"

    def attempt(generator: Generator) -> str:
        shutil.rmtree(out, ignore_errors=True)
        kind = pick(("--init", "--detections"), generator)
        sample = pick(box_files() if kind == "--init" else annotation_files(), generator)
        path = folder / f"file{sample.ending}"
        write_damaged(path, sample, generator)
        tracker = "static" if kind == "--init" else "iou"
        said, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(errors):
            code = main(
                [
                    "track",
                    str(clip),
                    kind,
                    str(path),
                    "--tracker",
                    tracker,
                    "-o",
                    str(out),
                    "--no-video",
                ]
            )
        lines = [line for line in errors.getvalue().splitlines() if line.startswith("error")]
        if code not in (0, 2) or "unexpected error" in errors.getvalue():
            raise ValueError(f"exit code {code}: {errors.getvalue()[-800:]}")
        if code == 2:
            if len(lines) != 1:
                raise ValueError(f"not one line: {errors.getvalue()[-800:]}")
            raise FormatError(lines[0])
        return str(kind)

    return attempt
