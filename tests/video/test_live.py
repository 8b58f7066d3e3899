"""Frames from the network and through pipes."""

from __future__ import annotations

import functools
import http.server
import io
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest

from mohart.errors import FormatError, MissingDataError
from mohart.video import VideoWriter, open_source, opening
from mohart.video import live as live_module
from mohart.video.live import LiveReader
from mohart.video.shots import Shot
from mohart.video.stamps import Timing


def film(path: Path, frames: int = 20) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"g": "5", "tune": "zerolatency"})
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for n in range(frames):
            picture = np.full((48, 64, 3), 10 * n, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode())
    return path


@pytest.mark.slow
def test_a_pipe(tmp_path: Path) -> None:
    data = film(tmp_path / "a.ts").read_bytes()
    program = (
        "from mohart.video import open_source\n"
        "with open_source('-') as source:\n"
        "    print(source.name, len(list(source)), source.frame_rate, source.problem)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=data, capture_output=True, check=True
    )
    assert done.stdout.split() == [b"stdin", b"20", b"25.0", b"None"]


def test_a_pipe_that_holds_no_video(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"no video" * 99)))
    with pytest.raises(FormatError, match="stdin: not a video that can be read from a pipe"):
        open_source("-")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    handler = functools.partial(Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_file_on_the_network(tmp_path: Path, server: str) -> None:
    with VideoWriter(tmp_path / "clip.mp4", 64, 48, 25) as writer:
        for n in range(20):
            writer.write(np.full((48, 64, 3), 10 * n, np.uint8))
    with open_source(f"{server}/clip.mp4?key=1") as source:
        assert (source.length, source.frame_rate) == (20, 25)
        frames = list(source)
    assert len(frames) == 20
    assert source.problem is None
    with pytest.raises(FormatError, match=r"gone\.mp4: cannot be opened \(.*404"):
        open_source(f"{server}/gone.mp4")
    with pytest.raises(MissingDataError, match=r"expected an address of http, .* got gopher"):
        open_source("gopher://somewhere/clip")


def test_why_an_address_is_not_opened(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.html").write_text("<html>no film</html>")
    with pytest.raises(FormatError, match=r"page\.html: something answers, but no video; expected"):
        open_source(f"{server}/page.html")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    for kind in ("http", "rtsp"):  # nobody listens there any more
        start = time.monotonic()
        with pytest.raises(
            FormatError, match=rf"{kind}://.*x: cannot be opened \(.* refused\); exp"
        ):
            open_source(f"{kind}://127.0.0.1:{port}/x")
        assert time.monotonic() - start < opening.WAIT / 2  # at once, not when the time is up
    for error, said in (
        (av.error.ExitError(1, "Immediate exit requested"), r"\(no answer within 10 seconds\)"),
        (av.error.OSError(5, "Input/output error"), r"\(no such server\); expected a video file"),
        (av.error.ProtocolNotFoundError(1, "-"), r"does not speak that protocol; try rtsp, http"),
    ):
        monkeypatch.setattr(av, "open", Raising(error))
        with pytest.raises(FormatError, match=said):
            open_source("http://camera/x")


class Raising:
    """Raises when it is called."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __call__(self, *_: Any, **__: Any) -> None:
        raise self.error


@pytest.mark.slow
def test_a_line_that_breaks_is_connected_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        live_module.LiveReader.__init__,
        "__kwdefaults__",
        {
            "queue": 100,
            "patience": 0.3,
        },
    )
    data = film(tmp_path / "a.ts").read_bytes()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(2):
            line, _ = listener.accept()
            with line:
                line.sendall(data)
        listener.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with open_source(f"tcp://127.0.0.1:{listener.getsockname()[1]}") as source:
        times = []
        for _ in source:
            assert source.timestamp is not None
            times.append(source.timestamp)
    thread.join()
    assert len(times) == 40
    assert times[:20] == pytest.approx([0.04 * n for n in range(20)])
    assert times == sorted(times)
    assert source.notes == ("the line broke once and was connected again",)
    assert source.problem is not None
    assert "no frame for 0.3 seconds" in source.problem


class Fast:
    """A connection that gives frames at once."""

    timing = Timing(25.0)
    problem = None

    def __init__(self, frames: int) -> None:
        self.left = frames

    def read(self) -> Shot | None:
        self.left -= 1
        return Shot(np.zeros((4, 4, 3), np.uint8), 0.0) if self.left >= 0 else None

    def close(self) -> None:
        pass


@pytest.mark.slow
def test_frames_that_come_too_fast_are_left_out_and_told() -> None:
    connections: Iterator[Any] = iter([Fast(50)])

    def connect() -> Any:
        try:
            return next(connections)
        except StopIteration:
            raise FormatError("refused") from None

    reader = LiveReader(connect, "camera", queue=8, patience=0.05)
    deadline = time.monotonic() + 10
    while reader.problem is None and time.monotonic() < deadline:
        time.sleep(0.01)
    taken = 0
    while reader.read() is not None:
        taken += 1
    assert taken == 8
    assert reader.notes[0].startswith("42 frames were left out")
    assert reader.problem == "camera: no frame for 0.05 seconds (refused)"
    reader.close()


def test_known_addresses() -> None:
    assert not set(opening.FILES) & set(opening.STREAMS)
