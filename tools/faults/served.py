"""`mohart app` killed while it tracks: what was drawn is kept, and the job is taken up."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from faults.clips import HEIGHT, WIDTH, picture
from faults.forked import end, start
from faults.ledger import TAKEN, Case
from mohart.video.writer import VideoWriter

LENGTH = 400  # frames
PATIENCE = 120.0  # seconds for everything on a busy machine
ROWS = [{"frame": 0, "id": 1, "box": [4.0, 20, 24, 50]}]
WORD = "mohart app  "


class _Server:
    """A server in a process of its own."""

    def __init__(self, folder: Path) -> None:
        log, said = folder / "stderr.txt", folder / "stderr.out"
        said.unlink(missing_ok=True)  # that of an earlier one
        self.child = start(["app", "clip.mp4", "--folder", "app"], folder, log)
        deadline = time.monotonic() + PATIENCE
        while not (said.exists() and WORD in said.read_text()):
            if time.monotonic() > deadline:
                raise TimeoutError("the server did not start")
            time.sleep(0.05)
        line = next(x for x in said.read_text().splitlines() if x.startswith(WORD))
        self.address, _, self.video = line.removeprefix(WORD).partition("/#video=")

    def ask(self, path: str, method: str = "GET", content: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.address}/api{path}",
            method=method,
            data=None if content is None else json.dumps(content).encode(),
            headers={"X-Mohart": "1", "Content-Type": "application/json"},
        )
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with urllib.request.urlopen(request, timeout=20) as answer:
                    return json.loads(answer.read())
            except (urllib.error.URLError, ConnectionError) as error:
                if isinstance(error, urllib.error.HTTPError) or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)  # it listens before it answers

    def until(self, path: str, unwanted: Sequence[str]) -> Any:
        deadline = time.monotonic() + PATIENCE
        while (found := self.ask(path))["status"] in unwanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path}: still {found['status']}")
            time.sleep(0.1)
        return found

    def draw_and_track(self) -> str:
        self.until(f"/videos/{self.video}", ["checking"])
        content = {"version": 0, "rows": ROWS, "names": {}}
        version = self.ask(f"/videos/{self.video}/keyframes", "PUT", content)["version"]
        job = self.ask(f"/videos/{self.video}/jobs", "POST", {"version": version})
        return str(job["id"])

    def ended(self, job: str) -> Any:
        return self.until(f"/jobs/{job}", ["queued", "running"])


def kill_app(area: str, folder: Path, numbers: Sequence[int], seed: int) -> Iterator[Case]:
    """Do cases; see `faults.media.attack`."""
    with VideoWriter(folder / "clip.mp4", WIDTH, HEIGHT, 25) as writer:
        for t in range(LENGTH):
            writer.write(picture(t % 30))
    whole = _laid(folder, "whole")
    server = _Server(whole)
    begin = time.monotonic()
    job = server.draw_and_track()
    server.ended(job)
    length = time.monotonic() - begin
    end(server.child)
    for number in numbers:
        generator = np.random.default_rng([seed, number])
        when = float(generator.random()) * length
        begin = time.monotonic()
        problem = _one(_laid(folder, "case"), when, whole / "app" / "jobs" / job)
        yield Case(
            area=area,
            number=number,
            outcome=problem.partition(":")[0] or TAKEN,
            seconds=0.0,
            megabytes=0.0,
            what=f"SIGKILL after {when:.2f} of {length:.2f} s: {problem}",
        )


def _laid(folder: Path, name: str) -> Path:
    place = folder / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    shutil.copy(folder / "clip.mp4", place)
    return place


def _one(place: Path, when: float, whole: Path) -> str:
    """What is wrong after a kill; empty where nothing is."""
    server = _Server(place)
    job = server.draw_and_track()
    time.sleep(when)
    os.kill(server.child, signal.SIGKILL)
    os.waitpid(server.child, 0)
    again = _Server(place)
    try:
        drawn = again.ask(f"/videos/{again.video}/keyframes")["rows"]
        if [row["box"] for row in drawn] != [row["box"] for row in ROWS]:
            return "lost: what was drawn is gone"
        outcome = again.ended(job)
    except TimeoutError as error:
        return f"hang: {error}"
    finally:
        end(again.child)
    if outcome["status"] != "done":
        return f"lost: the job has {outcome['status']}: {outcome['message']}"
    for name in ("tracks.csv", "tracks.txt"):
        found = place / "app" / "jobs" / job / "result" / name
        if found.read_bytes() != (whole / "result" / name).read_bytes():
            return f"lost: {name} is not what an undisturbed job gives"
    return ""
