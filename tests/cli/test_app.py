"""`mohart app`: what is checked before anything is served."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from mohart.cli import app
from mohart.cli.main import main


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would have been served: application and socket."""
    found: list[Any] = []
    monkeypatch.setattr(app, "_serve", lambda *what: found.append(what))
    return found


def test_prints_an_address_for_this_machine(
    asked: list[Any], clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "data"
    onnx = tmp_path / "net.onnx"
    onnx.write_bytes(b"")
    arguments = ["app", str(clip), "--folder", str(folder), "--detector", str(onnx)]
    assert main([*arguments, "--limit", "0.5"]) == 0
    ((served, listening),) = asked
    out = capsys.readouterr().out
    (video,) = (path.name for path in (folder / "videos").iterdir())
    assert out.splitlines()[0].startswith("mohart app  http://127.0.0.1:")
    assert out.splitlines()[0].endswith(f"/#video={video}")
    assert "token" not in out
    rooms = served.state.rooms
    assert rooms.settings.upload_bytes == 500_000_000
    assert rooms.settings.detectors == {"motion": "motion", "net.onnx": f"onnx:{onnx}"}
    assert (folder.stat().st_mode & 0o777) == 0o700
    assert listening.fileno() == -1  # closed in the end
    rooms.videos.stop()
    assert main(arguments) == 0  # the same video is the same one
    assert [path.name for path in (folder / "videos").iterdir()] == [video]
    asked[1][0].state.rooms.videos.stop()


def test_weights_are_kept_by_name_or_whole_path(
    asked: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("w.safetensors").write_bytes(b"")
    for given, kept in (("fast", "fast"), ("w.safetensors", str(tmp_path / "w.safetensors"))):
        assert main(["app", "--folder", "data", "--model", given]) == 0
        assert asked[-1][0].state.rooms.settings.model == kept


def test_others_need_the_token_that_is_printed(
    asked: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["app", "--folder", str(tmp_path / "data"), "--host", "0.0.0.0"]) == 0
    said = capsys.readouterr()
    token = said.out.splitlines()[0].partition("?token=")[2]
    assert len(token) >= 32
    assert "nothing is encrypted" in said.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "99999"], "--port: expected 0 to 65535, got 99999"),
        (["--limit", "0"], "--limit: expected a size in GB above 0"),
        (["nothing.mp4"], "nothing.mp4: no such file or folder"),
        (["--detector", "yolo.pt"], "--detector yolo.pt: expected an ONNX file"),
        (["--detector", "yolo.onnx"], "--detector yolo.onnx: no such file"),
        (["--model", "w.safetensors"], "--model w.safetensors: no such weights; expected default"),
        (["--host", "no.such.host.invalid"], "--host no.such.host.invalid: no such address"),
    ],
)
def test_wrong_options_are_one_line(
    asked: list[Any],
    arguments: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["app", "--folder", str(tmp_path / "data"), *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")
    assert asked == []


def test_a_folder_or_a_port_in_use_is_said(
    asked: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from mohart.app.folder import hold_folder

    with hold_folder(tmp_path / "data"):
        assert main(["app", "--folder", str(tmp_path / "data")]) == 2
    assert "another 'mohart app' uses it" in capsys.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["app", "--folder", str(tmp_path / "data"), "--port", port]) == 2
    assert "choose another --port" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main(["app", "--folder", str(tmp_path / "file")]) == 2
    assert "is not a folder" in capsys.readouterr().err
    assert asked == []


def test_without_the_extra_it_says_how_to_get_it(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert main(["app"]) == 2
    assert "fastapi and uvicorn not installed" in (said := capsys.readouterr().err)
    assert "pip install 'mohart[app]'" in said
    assert asked == []
