"""The videos of the page: added by upload or on the command line, checked once, read by frame."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

from mohart.app.check import CHECK, PROGRESS
from mohart.app.frames import FrameStore
from mohart.app.kept import Meta, Progress, Ready, Verdict, read_kept
from mohart.app.places import (
    RefusalError,
    is_id,
    new_id,
    plain_path,
    shown_name,
    write_json,
)
from mohart.app.uploads import Upload, too_large
from mohart.errors import MissingDataError

OPEN_VIDEOS = 4  # whose decoders are kept open
SPARE_BYTES = 200 << 20  # that an upload leaves free on the disk


class Videos:
    """All videos below a folder.

    Args:
        folder: the app's.
        limit: bytes of one upload.
    """

    def __init__(self, folder: Path, limit: int) -> None:
        self.folder, self.limit = folder / "videos", limit
        self.folder.mkdir(parents=True, exist_ok=True)
        self._checks: dict[str, subprocess.Popen[bytes]] = {}
        self._stores: OrderedDict[str, FrameStore] = OrderedDict()
        self._lock = threading.Lock()

    def add_path(self, path: Path) -> str:
        """Take up a video that lies elsewhere, without copying it; the same one again is the same.

        Only for what the user names on the command line.

        Returns:
            Its id.

        Raises:
            MissingDataError: nothing is there.
        """
        if not path.exists():
            raise MissingDataError(f"{path}: no such file or folder; expected a video")
        place = path.resolve()
        stat = place.stat()
        told = f"{place}\0{stat.st_size}\0{stat.st_mtime_ns}"
        video = hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        folder = plain_path(self.folder, video)
        if read_kept(folder / "meta.json", Meta) is None:
            folder.mkdir(exist_ok=True)
            meta = {"name": shown_name(place.name), "path": str(place), "created": time.time()}
            write_json(folder / "meta.json", {**meta, "bytes": stat.st_size})
        self.start_check(video)
        return video

    def upload(self, name: str, size: int | None) -> tuple[str, Upload]:
        """Begin to take in a file.

        Args:
            name: as the browser says it.
            size: in bytes, as the browser says it.

        Raises:
            RefusalError: it is too large for the limit or the disk.
        """
        if size is not None and size > self.limit:
            raise RefusalError(413, too_large(self.limit))
        if shutil.disk_usage(self.folder).free < (size or 0) + SPARE_BYTES:
            raise RefusalError(507, "the disk is nearly full; free some space and try again")
        video = new_id()
        return video, Upload(plain_path(self.folder, video), name, self.limit)

    def start_check(self, video: str) -> None:
        """Decode a video in a process of its own, unless that has been done or is being done."""
        folder = self.place(video)
        with self._lock:
            running = self._checks.get(video)
            checked = read_kept(folder / CHECK, Ready, Verdict) is not None
            if checked or (running is not None and running.poll() is None):
                return
            self._checks[video] = subprocess.Popen(
                [sys.executable, "-m", "mohart.app.check", str(folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def place(self, video: str) -> Path:
        """The folder of a video.

        Raises:
            RefusalError: there is none.
        """
        folder = plain_path(self.folder, video)
        if not is_id(video) or read_kept(plain_path(folder, "meta.json"), Meta) is None:
            raise RefusalError(404, "there is no such video; it may have been removed")
        return folder

    def path(self, video: str) -> Path:
        """The file (or folder of images) itself."""
        folder = self.place(video)
        meta = read_kept(folder / "meta.json", Meta) or {}
        if meta.get("path"):
            return Path(meta["path"])
        return plain_path(folder, str(meta.get("source")))

    def about(self, video: str) -> dict[str, Any]:
        """What the page shows of a video.

        Returns:
            `id`, `name`, `bytes`, `created`, `status` (`checking`, `ready`, `broken`), and what
            `check.json` says (see `mohart.app.check.check_video`); `done` and `total` frames while
            it is checked.
        """
        folder = self.place(video)
        meta = read_kept(folder / "meta.json", Meta) or {}
        about: dict[str, Any] = {
            "id": video,
            "name": meta.get("name", "video"),
            "bytes": meta.get("bytes"),
        }
        about |= {"created": meta.get("created", 0), "linked": bool(meta.get("path"))}
        with self._lock:
            running = self._checks.get(video)
            over = running is not None and running.poll() is not None
            if over:
                _end(self._checks.pop(video))
        verdict = read_kept(folder / CHECK, Ready, Verdict)
        if verdict is not None:
            return {**about, **verdict}
        if over:
            verdict = read_kept(folder / CHECK, Ready, Verdict) or {
                "status": "broken",
                "problem": "decoding it ended the decoder itself; the file is damaged, or its "
                "frames do not fit into memory",
            }
            write_json(folder / CHECK, verdict)
            return {**about, **verdict}
        progress = read_kept(folder / PROGRESS, Progress) or {}
        return {**about, "status": "checking", **progress}

    def all(self) -> list[dict[str, Any]]:
        """What the page shows of every video, the newest first."""
        found = []
        for folder in self.folder.iterdir():
            with suppress(RefusalError):
                found.append(self.about(folder.name))
        return sorted(found, key=lambda about: -float(about["created"]))

    def ready(self, video: str) -> dict[str, Any]:
        """Like `about`, of a video that can be worked on.

        Raises:
            RefusalError: it cannot (yet).
        """
        about = self.about(video)
        if about["status"] != "ready":
            why = about.get("problem") or "it is being checked"
            raise RefusalError(409, f"this video is not ready: {why}")
        return about

    def frames(self, video: str) -> FrameStore:
        """Its frames.

        Raises:
            RefusalError: it cannot be read.
        """
        with self._lock:
            store = self._stores.get(video)
            if store is not None:
                self._stores.move_to_end(video)
                return store
        self.ready(video)
        store = FrameStore(self.place(video), self.path(video))
        with self._lock:
            store = self._stores.setdefault(video, store)
            old = []
            while len(self._stores) > OPEN_VIDEOS:
                old.append(self._stores.popitem(last=False)[1])
        for unused in old:
            unused.close()
        return store

    def remove(self, video: str) -> None:
        """Forget a video; one from the command line stays where it lies.

        Raises:
            RefusalError: there is none.
        """
        folder = self.place(video)
        with self._lock:
            running = self._checks.pop(video, None)
            store = self._stores.pop(video, None)
        if running is not None:
            _end(running)
        if store is not None:
            store.close()
        shutil.rmtree(folder, ignore_errors=True)

    def start(self) -> None:
        """Take up checks that a stopped server left, and remove halves of uploads."""
        for folder in list(self.folder.iterdir()):
            if not is_id(folder.name) or folder.is_symlink():
                continue
            if (folder / "meta.json").is_file():
                self.start_check(folder.name)
            else:
                shutil.rmtree(folder, ignore_errors=True)

    def stop(self) -> None:
        """End all checks and release all videos."""
        with self._lock:
            running, stores = list(self._checks.values()), list(self._stores.values())
            self._checks.clear()
            self._stores.clear()
        for process in running:
            _end(process)
        for store in stores:
            store.close()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    if process.stdin:
        process.stdin.close()
