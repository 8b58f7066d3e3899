"""The application: rooms wired together, errors as JSON, files of the page."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from mohart.app import job_routes, video_routes
from mohart.app.jobs import Jobs
from mohart.app.places import RefusalError
from mohart.app.project import Projects
from mohart.app.rooms import Rooms, Settings
from mohart.app.security import Guard, HostRule
from mohart.app.videos import Videos
from mohart.errors import MohartError
from mohart.versions import __version__

STATIC = Path(__file__).parent / "static"


def create_app(
    folder: Path,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    token: str | None = None,
    settings: Settings | None = None,
) -> FastAPI:
    """The page's server, to be run by uvicorn.

    Args:
        folder: for uploads and jobs; made with access for its owner alone.
        host: that the server is bound to, for the check of Host headers.
        port: likewise; None accepts every port.
        token: that every request needs; None where only this machine can reach the server.
        settings: what it may do; the defaults where not given.

    Raises:
        OSError: the folder cannot be made.
    """
    chosen = settings or Settings()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    root = folder.resolve()
    videos = Videos(root, chosen.upload_bytes)
    rooms = Rooms(chosen, videos, Projects(videos), Jobs(root, chosen.workers), threading.Event())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        rooms.videos.start()
        rooms.jobs.start()
        yield
        rooms.jobs.stop()
        rooms.videos.stop()

    app = FastAPI(
        title="mohart", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.rooms = rooms
    app.add_middleware(Guard, hosts=HostRule(host, port), token=token)
    app.add_exception_handler(MohartError, _own_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _wrong_request)
    app.add_exception_handler(ValidationError, _wrong_request)
    app.add_exception_handler(OSError, _system_error)
    app.include_router(video_routes.router)
    app.include_router(job_routes.router)

    @app.get("/")
    def page() -> FileResponse:
        return FileResponse(STATIC / "index.html", headers={"Cache-Control": "no-cache"})

    @app.get("/api/app")
    def about() -> dict[str, object]:
        return {
            "version": __version__,
            "upload_bytes": chosen.upload_bytes,
            "detectors": list(chosen.detectors),
        }

    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _own_error(_: Request, error: Exception) -> JSONResponse:
    status, more = (error.status, error.more) if isinstance(error, RefusalError) else (400, {})
    return JSONResponse({"error": " ".join(str(error).split()), **more}, status)


def _http_error(_: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    texts = {404: "there is no such page", 405: "this cannot be done here"}
    return JSONResponse({"error": texts.get(status, "the request failed")}, status)


def _wrong_request(_: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError | ValidationError) else []
    first = found[0] if found else {"loc": (), "msg": "not understood"}
    where = ".".join(str(part) for part in first["loc"][-3:])
    return JSONResponse({"error": f"the request is wrong at {where}: {first['msg']}"[:300]}, 422)


def _system_error(_: Request, error: Exception) -> JSONResponse:
    told = error.strerror if isinstance(error, OSError) and error.strerror else "unknown reason"
    return JSONResponse({"error": f"the app's folder cannot be used: {told}"}, 500)
