"""Tracking jobs: a folder each, worked on by a child process, so that they outlive page and server.

Conventions: `jobs/ID/` holds `job.json` (what is wanted; written by the server), `keyframes.csv`,
`events-N.jsonl` (what the N-th attempt has tracked so far), `outcome.json` (how it ended; written
by the worker, or by the server for one that died) and `result/` (the folder of `mohart track`).
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Container
from contextlib import suppress
from pathlib import Path
from typing import Any

from mohart.app.kept import JobFile, OutcomeFile, read_kept
from mohart.app.places import RefusalError, is_id, new_id, plain_path, write_json
from mohart.formats.keyframes import write_keyframes
from mohart.keyframes import Keyframes

JOB, OUTCOME, KEYFRAMES, RESULT, LOG = (
    *("job.json", "outcome.json", "keyframes.csv", "result", "stderr.txt"),
)
KEPT = 3  # jobs of a video; older ones are removed when a new one begins
ATTEMPTS = 3  # how often a job is taken up after the server was killed
PATIENCE = 10.0  # seconds that a cancelled worker gets to write what it has
POLL_SECONDS = 0.1
LIVE = ("queued", "running")


def events_file(folder: Path, attempt: int) -> Path:
    """Where an attempt's boxes are."""
    return plain_path(folder, f"events-{attempt}.jsonl")


class Jobs:
    """All jobs below a folder, at most `workers` of them at a time.

    Args:
        folder: the app's.
        workers: how many run at once; others wait in line.
    """

    def __init__(self, folder: Path, workers: int = 2) -> None:
        self.folder, self.workers = folder / "jobs", workers
        self.folder.mkdir(parents=True, exist_ok=True)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._queue: list[str] = []
        self._cancelled: dict[str, float] = {}  # and when it loses patience
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._keeper = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        """Take up what a stopped server left, and begin to watch over the workers."""
        for folder in sorted(self.folder.iterdir(), key=lambda f: f.name):
            job = read_kept(folder / JOB, JobFile) if is_id(folder.name) else None
            done = read_kept(folder / OUTCOME, OutcomeFile) is not None
            if job is None or folder.is_symlink() or done:
                continue
            if job["attempt"] >= ATTEMPTS:
                text = f"the app ended {ATTEMPTS} times while this was running; press Track again"
                write_json(folder / OUTCOME, {"status": "failed", "message": text})
                continue
            write_json(folder / JOB, {**job, "attempt": job["attempt"] + 1})
            self._queue.append(folder.name)
        self._keeper.start()

    def stop(self) -> None:
        """End all workers; jobs are taken up at the next start."""
        self._ended.set()
        if self._keeper.is_alive():
            self._keeper.join()
        with self._lock:
            for process in self._running.values():
                process.kill()
                process.wait()
                _close(process)
            self._running.clear()

    def add(self, video: str, keyframes: Keyframes, settings: dict[str, Any]) -> str:
        """Put a job in line.

        Args:
            video: id of the video; one job at a time works on a video.
            keyframes: what was drawn.
            settings: for the worker, see `mohart.app.worker`.

        Returns:
            Its id.

        Raises:
            RefusalError: another job works on the video.
        """
        with self._lock:
            for other in self.of_video(video):
                if other["status"] in LIVE:
                    raise RefusalError(
                        409,
                        "this video is being tracked already, perhaps from another tab; "
                        "wait for it, or cancel it",
                        job=other["id"],
                    )
            job = new_id()
            folder = plain_path(self.folder, job)
            folder.mkdir()
            write_keyframes(folder / KEYFRAMES, keyframes)
            about = {"video": video, "created": time.time(), "attempt": 1, "settings": settings}
            write_json(folder / JOB, about)
            self._queue.append(job)
            self._thin_out(video, {job, settings.get("previous")})
        return job

    def place(self, job: str) -> Path:
        """The folder of a job.

        Raises:
            RefusalError: there is none.
        """
        folder = plain_path(self.folder, job)
        if not is_id(job) or not plain_path(folder, JOB).is_file():
            raise RefusalError(404, "there is no such job; it may have been removed")
        return folder

    def about(self, job: str) -> dict[str, Any]:
        """What the page shows of a job.

        Returns:
            `id`, `video`, `created`, `attempt`, `first` (zero-based frame, where tracking starts),
            `version` (of the keyframes), `rows` (keyframes as the page has them), `detector`,
            `status` (`queued`, `running`, `done`, `cancelled`, `failed`), `message` (a sentence or
            None) and `warnings`.
        """
        folder = self.place(job)
        about = read_kept(folder / JOB, JobFile)
        if about is None:  # removed a moment ago
            raise RefusalError(404, "there is no such job; it may have been removed")
        settings = about.pop("settings", {})
        shown = {name: settings.get(name) for name in ("first", "version", "rows", "detector")}
        outcome = read_kept(folder / OUTCOME, OutcomeFile)
        with self._lock:
            waiting = job in self._queue
        state = outcome or {"status": "queued" if waiting else "running"}
        return {"id": job, "message": None, "warnings": [], **about, **shown, **state}

    def of_video(self, video: str) -> list[dict[str, Any]]:
        """What the page shows of a video's jobs, the newest first."""
        found = []
        for folder in self.folder.iterdir():
            with suppress(RefusalError):
                about = self.about(folder.name)
                if about.get("video") == video:
                    found.append(about)
        return sorted(found, key=lambda about: -float(about["created"]))

    def result_of(self, video: str, detector: str | None) -> str | None:
        """The newest job of a video that has a result.

        Args:
            video: id.
            detector: that it was made with, by the page's name; None: with boxes alone.

        Returns:
            Its id; None where there is none.
        """
        for about in self.of_video(video):
            result = self.place(about["id"]) / RESULT
            if about["detector"] == detector and (result / "run.json").is_file():
                return str(about["id"])
        return None

    def cancel(self, job: str) -> None:
        """End a job; what it has tracked is kept. One that has ended is left as it is."""
        folder = self.place(job)
        with self._lock:
            if job in self._queue:
                self._queue.remove(job)
                text = "cancelled before it began"
                write_json(folder / OUTCOME, {"status": "cancelled", "message": text})
            process = self._running.get(job)
            if process is not None and job not in self._cancelled:
                self._cancelled[job] = time.monotonic() + PATIENCE
                process.send_signal(signal.SIGTERM)

    def remove_of(self, video: str) -> None:
        """Cancel and remove all jobs of a video."""
        with self._lock:
            for about in self.of_video(video):
                job = str(about["id"])
                if job in self._queue:
                    self._queue.remove(job)
                process = self._running.pop(job, None)
                if process is not None:
                    process.kill()
                    process.wait()
                    _close(process)
                shutil.rmtree(self.place(job), ignore_errors=True)

    def _thin_out(self, video: str, used: Container[str | None]) -> None:
        """Remove old results of a video: the newest ones are what anybody still looks at."""
        for about in self.of_video(video)[KEPT:]:
            if about["id"] not in used and about["status"] not in LIVE:
                shutil.rmtree(self.place(about["id"]), ignore_errors=True)

    def _keep(self) -> None:
        """Start what waits, notice what ended."""
        while not self._ended.wait(POLL_SECONDS):
            with self._lock:
                for job, process in list(self._running.items()):
                    code = process.poll()
                    if code is not None:
                        _close(process)
                        del self._running[job]
                        self._settle(job, code)
                    elif self._cancelled.get(job, float("inf")) < time.monotonic():
                        process.kill()
                while self._queue and len(self._running) < self.workers:
                    self._begin(self._queue.pop(0))

    def _begin(self, job: str) -> None:
        folder = self.place(job)
        with (folder / LOG).open("wb") as log:
            self._running[job] = subprocess.Popen(
                [sys.executable, "-m", "mohart.app.worker", str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def _settle(self, job: str, code: int) -> None:
        """Say how a worker ended that could not say it itself."""
        folder = self.place(job)
        cancelled = self._cancelled.pop(job, None) is not None
        if (folder / OUTCOME).exists():
            return
        if cancelled:
            outcome = {"status": "cancelled", "message": "cancelled before there was a result"}
        else:
            how = f"was killed (signal {-code})" if code < 0 else f"ended unexpectedly ({code})"
            text = f"the tracking process {how}; the machine may have run out of memory. "
            text += "What it had shown stays on the page, but is not exported; press Track again"
            outcome = {"status": "failed", "message": text}
        write_json(folder / OUTCOME, outcome)


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()
