"""`mohart app`: draw boxes and watch them being followed, in a browser."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli.options.trackers import add_model_option
from mohart.errors import ConfigError, MissingDataError, OutputError
from mohart.weights.names import CHOICE, shipped_name

if TYPE_CHECKING:
    import socket
    from types import FrameType

    from fastapi import FastAPI

EPILOG = """\
examples:
  mohart app                                     upload a video on the page
  mohart app clip.mp4 --open                     with a video of this machine, not copied
  mohart app clip.mp4 --detector yolox.onnx      a detector can be chosen on the page
  mohart app --model fast clip.mp4               0.7 of the time, a little less exact
  mohart app --host 0.0.0.0 --port 8080          for others; the printed address has a token

The page is for this machine alone unless --host says otherwise. Uploads, what was drawn and results
are kept in --folder. Ctrl-C ends it; jobs that are running are taken up at the next start.
"""


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "app",
        help="draw boxes, track and correct in a browser",
        description="Serve a local page: draw boxes, track, correct, export.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "video", nargs="?", type=Path, metavar="VIDEO", help="video file or folder of images"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)"
    )
    parser.add_argument(
        "--port", type=int, default=0, metavar="N", help="port (default 0: a free one)"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="for uploads and results (default: ~/.local/share/mohart/app)",
    )
    parser.add_argument(
        "--detector",
        action="append",
        default=[],
        metavar="FILE",
        help="ONNX file that can be chosen on the page beside 'motion'; again for more",
    )
    add_model_option(parser)
    parser.add_argument(
        "--device", default="auto", metavar="NAME", help="auto, cpu, cuda, ... (default auto)"
    )
    parser.add_argument(
        "--limit", type=float, default=8.0, metavar="GB", help="size of an upload (default 8)"
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Serve until Ctrl-C; 0."""
    if not 0 <= args.port <= 65535:
        raise ConfigError(f"--port: expected 0 to 65535, got {args.port}")
    if not 0 < args.limit < 1e6:
        raise ConfigError(f"--limit: expected a size in GB above 0, got {args.limit:g}")
    detectors, model = _detectors(args.detector), _model(args.model)
    if args.video is not None and not args.video.exists():
        raise MissingDataError(f"{args.video}: no such file or folder; expected a video")
    _needs_extra()

    import secrets

    from mohart.app.folder import app_folder, hold_folder
    from mohart.app.rooms import Settings
    from mohart.app.security import is_loopback
    from mohart.app.server import create_app

    listening = _listen(args.host, args.port)
    port = int(listening.getsockname()[1])
    token = None if is_loopback(args.host) else secrets.token_urlsafe(24)
    folder = args.folder or app_folder()
    with listening, hold_folder(folder):
        app = create_app(
            folder,
            host=args.host,
            port=port,
            token=token,
            settings=Settings(
                upload_bytes=round(args.limit * 1e9),
                detectors=detectors,
                device=args.device,
                model=model,
            ),
        )
        start = ""
        if args.video is not None:
            start = f"#video={app.state.rooms.videos.add_path(args.video)}"
        url = f"http://{_shown(args.host)}:{port}/{f'?token={token}' if token else ''}{start}"
        print(f"mohart app  {url}\nfolder      {folder}\nCtrl-C ends it", flush=True)
        if token:
            print(
                "warning: others can reach this page; whoever has the address can use it, and "
                "nothing is encrypted",
                file=sys.stderr,
            )
        if args.open:
            import webbrowser

            webbrowser.open(url)
        _serve(app, listening)
    return 0


def _serve(app: FastAPI, listening: socket.socket) -> None:
    import uvicorn

    class Server(uvicorn.Server):
        """Tells answers without an end that there is one."""

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            app.state.rooms.closing.set()
            super().handle_exit(sig, frame)

    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
        limit_concurrency=200,
        h11_max_incomplete_event_size=65_536,
    )
    try:
        Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)


def _needs_extra() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("fastapi", "uvicorn") if find_spec(name) is None]
    if missing:
        raise MissingDataError(
            f"{' and '.join(missing)} not installed; the page needs the extra: "
            f"pip install 'mohart[app]'"
        )


def _detectors(files: list[str]) -> dict[str, str]:
    """Name on the page -> name for `build_detector`."""
    found = {"motion": "motion"}
    for text in files:
        if text == "motion":
            continue
        path = Path(text.removeprefix("onnx:"))
        if path.suffix.lower() != ".onnx":
            raise ConfigError(f"--detector {text}: expected an ONNX file, such as yolox.onnx")
        if not path.is_file():
            raise MissingDataError(f"--detector {path}: no such file")
        if path.name in found:
            raise ConfigError(f"--detector: '{path.name}' is there twice; rename one")
        found[path.name] = f"onnx:{path.resolve()}"
    return found


def _model(asked: str | None) -> str | None:
    """A name, or the whole path of a file: a job may begin from another folder."""
    if shipped_name(asked) is not None:
        return asked
    path = Path(str(asked))
    if not path.is_file():
        raise MissingDataError(f"--model {asked}: no such weights; expected {CHOICE}")
    return str(path.resolve())


def _listen(host: str, port: int) -> socket.socket:
    """A socket that is bound already, so that the port is known."""
    import socket

    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise ConfigError(f"--host {host}: no such address ({error})") from error
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(128)  # who comes before the server is ready waits
    except OSError as error:
        listening.close()
        raise OutputError(
            f"{host}:{port}: cannot listen there ({error.strerror}); choose another --port, or 0 "
            f"for a free one"
        ) from error
    return listening


def _shown(host: str) -> str:
    """A host as it stands in an address."""
    if host in ("0.0.0.0", "::"):
        import socket

        return socket.gethostname()
    return f"[{host}]" if ":" in host else host
