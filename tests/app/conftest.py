"""A running server of the page, and small videos for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
import uvicorn
from fastapi import FastAPI
from numpy.typing import NDArray

from mohart.app.rooms import Rooms, Settings
from mohart.app.server import create_app

SIZE = (160, 120)
FRAMES = 40
QUICK = Settings(tracker="static")
TELL = {"X-Mohart": "1"}


def picture(t: int) -> NDArray[np.uint8]:
    """120 x 160: two blocks on their way over a patterned ground; no two frames are alike."""
    y, x = np.mgrid[:120, :160]
    frame = np.stack([(x * 3) % 200, (y * 5) % 200, (x + y) % 200], -1).astype(np.uint8)
    frame[30:60, 10 + 2 * t : 30 + 2 * t] = (40, 220, 240)
    frame[70:100, 130 - 2 * t : 146 - 2 * t] = (230, 40, 120)
    frame[:12, : 2 * t + 2] = 255
    return frame


def write_video(
    path: Path, times: list[int], *, codec: str = "libx264", options: dict[str, str] | None = None
) -> Path:
    """One frame per time, in thousandths of a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        if codec == "libx264":
            stream.codec_context.time_base = Fraction(1, 1000)
        for t, when in enumerate(times):
            frame = av.VideoFrame.from_ndarray(picture(t), format="bgr24")
            frame.pts = when
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """H.264 with B-frames, 40 frames at 25 per second."""
    path = tmp_path_factory.mktemp("clips") / "clip.mp4"
    times = [40 * t for t in range(FRAMES)]
    return write_video(path, times, options={"bf": "3", "g": "12", "crf": "18"})


@dataclass
class Served:
    """A server that runs: its address, its application, and a client of it."""

    url: str
    app: FastAPI
    client: httpx.Client

    @property
    def rooms(self) -> Rooms:
        rooms: Rooms = self.app.state.rooms
        return rooms

    def upload(self, path: Path, name: str | None = None) -> str:
        """Upload and wait until it is checked; the id."""
        answer = self.client.post(
            "/api/videos", params={"name": name or path.name}, content=path.read_bytes()
        )
        assert answer.status_code == 201, answer.text
        video: str = answer.json()["id"]
        self.checked(video)
        return video

    def checked(self, video: str) -> dict[str, Any]:
        """What is known about a video as soon as it is checked."""
        path = f"/api/videos/{video}"
        return self.until(
            lambda: self.client.get(path).json(), lambda now: now["status"] != "checking"
        )

    def draw(self, video: str, rows: list[dict[str, Any]], version: int = 0) -> httpx.Response:
        """Replace what was drawn."""
        content = {"version": version, "rows": rows, "names": {}}
        return self.client.put(f"/api/videos/{video}/keyframes", json=content)

    def track(self, video: str, version: int, **more: Any) -> httpx.Response:
        """Begin a job."""
        return self.client.post(f"/api/videos/{video}/jobs", json={"version": version, **more})

    def ended(self, job: str) -> dict[str, Any]:
        """What a job says as soon as it has ended."""
        path = f"/api/jobs/{job}"
        return self.until(
            lambda: self.client.get(path).json(),
            lambda now: now["status"] not in ("queued", "running"),
        )

    @staticmethod
    def until(
        ask: Callable[[], Any], fine: Callable[[Any], Any], seconds: float = 40
    ) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while not fine(now := ask()):
            assert time.monotonic() < deadline, f"still {now}"
            time.sleep(0.02)
        found: dict[str, Any] = now
        return found


Serve = Callable[..., AbstractContextManager[Served]]


@contextmanager
def serving(
    folder: Path, *, settings: Settings = QUICK, host: str = "127.0.0.1", token: str | None = None
) -> Iterator[Served]:
    """The page, served from a thread of this process."""
    app = create_app(folder, host=host, token=token, settings=settings)
    config = uvicorn.Config(
        app, port=0, log_level="error", ws="none", timeout_graceful_shutdown=1, access_log=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=url, headers=TELL, timeout=30, trust_env=False) as client:
            yield Served(url, app, client)
    finally:
        app.state.rooms.closing.set()
        server.should_exit = True
        thread.join()


@pytest.fixture
def serve() -> Serve:
    """Start a server where a test wants one of its own."""
    return serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server for the tests of a module, with the quickest tracker."""
    with serving(tmp_path_factory.mktemp("app") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def video(served: Served, clip: Path) -> str:
    """A video that is ready."""
    return served.upload(clip)


@pytest.fixture(scope="session")
def make_video() -> Callable[..., Path]:
    """Writes a video of 160x120 pixels, see `write_video`."""
    return write_video
