"""Jobs: begin, cancel, follow live, and take results away."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse, JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from mohart.app.bodies import JobId, VideoId, rooms_of, whole_body
from mohart.app.export import KINDS, exported, file_name
from mohart.app.jobs import LIVE, events_file
from mohart.app.places import RefusalError
from mohart.app.rooms import Rooms

router = APIRouter(prefix="/api")
EVENT = r"^[0-9]{1,9}:[0-9]{1,15}$"  # the id of an event: attempt and place in its file
EVENT_BYTES = 1 << 18
POLL_SECONDS = 0.15
ALIVE_SECONDS = 15.0  # between signs of life, so that a connection that is gone is noticed


class Wanted(BaseModel):
    """A job as the page asks for it.

    Attributes:
        version: of the keyframes that the user sees.
        detector: one of the server's, by the page's name.
        detect_every: ask it in every so many frames.
    """

    model_config = ConfigDict(extra="forbid")
    version: Annotated[int, Field(ge=0)]
    detector: Annotated[str, Field(max_length=200)] | None = None
    detect_every: Annotated[int, Field(ge=1, le=10_000)] = 10


@router.get("/videos/{video}/jobs")
def listed(request: Request, video: VideoId) -> list[dict[str, Any]]:
    """The jobs of a video, the newest first."""
    rooms = rooms_of(request)
    rooms.videos.place(video)
    return rooms.jobs.of_video(video)


@router.post("/videos/{video}/jobs")
async def begin(request: Request, video: VideoId) -> JSONResponse:
    """Track with what was drawn; refused with 409 where that has changed, or a job is at it.

    The first time that a detector is asked, ids may change (see `Project.with_high_ids`); the job
    then has another version of the keyframes than it was asked with.
    """
    wanted = Wanted.model_validate_json(await whole_body(request))
    return JSONResponse(await run_in_threadpool(_begin, rooms_of(request), video, wanted), 201)


def _begin(rooms: Rooms, video: str, wanted: Wanted) -> dict[str, Any]:
    rooms.videos.ready(video)
    project = rooms.projects.get(video)
    if project.version != wanted.version:
        raise RefusalError(
            409,
            "another tab has changed this video meanwhile; its state is loaded",
            current=project.model_dump(),
        )
    detectors = rooms.settings.detectors
    if wanted.detector is not None and wanted.detector not in detectors:
        raise RefusalError(422, f"unknown detector; known: {', '.join(detectors)}")
    boxes = [row for row in project.rows if row.box is not None]
    if not boxes and wanted.detector is None:
        raise RefusalError(422, "there is nothing to follow; draw a box, or choose a detector")
    stray = project.keyframes().find_stray_end()
    if stray and wanted.detector is None:
        raise RefusalError(
            422,
            f"object {stray[1]} ends in frame {stray[0] + 1}, but was not drawn before; remove "
            f"that, or choose the detector that found it",
        )
    if wanted.detector is not None and not rooms.jobs.result_of(video, wanted.detector):
        higher = project.with_high_ids()
        project = project if higher == project else rooms.projects.put(video, higher)
    first = 0 if wanted.detector else min(row.frame for row in boxes)
    settings = {
        "source": str(rooms.videos.path(video)),
        "tracker": rooms.settings.tracker,
        "device": rooms.settings.device,
        "model": rooms.settings.model,
        "first": first,
        "detector": wanted.detector,
        "detector_from": detectors[wanted.detector] if wanted.detector else None,
        "detect_every": wanted.detect_every,
        "previous": None if wanted.detector else rooms.jobs.result_of(video, None),
        "version": project.version,
        "rows": project.model_dump()["rows"],
    }
    job = rooms.jobs.add(video, project.keyframes(), settings)
    return rooms.jobs.about(job)


@router.get("/jobs/{job}")
def about(request: Request, job: JobId) -> dict[str, Any]:
    """One job."""
    return rooms_of(request).jobs.about(job)


@router.post("/jobs/{job}/cancel")
def cancel(request: Request, job: JobId) -> dict[str, Any]:
    """End a job and keep what it has tracked."""
    rooms_of(request).jobs.cancel(job)
    return {}


@router.get("/jobs/{job}/events")
async def events(
    request: Request, job: JobId, after: Annotated[str, Query(pattern=EVENT)] = "0:0"
) -> StreamingResponse:
    """What a job tracks, as server-sent events, from the beginning or the last event that came.

    A browser says the last one itself when it has lost the connection (Last-Event-ID), a page that
    connects again as `after`.

    `job` has the job as it is now, whenever that changes; `reset` says that an attempt starts anew;
    `boxes` has a list of lines (see `mohart.app.worker`); `end` comes last.
    """
    rooms = rooms_of(request)
    rooms.jobs.place(job)
    last = request.headers.get("last-event-id", "")
    attempt, offset = map(int, (last if re.fullmatch(EVENT, last) else after).split(":"))
    return StreamingResponse(
        _events(rooms, job, attempt, offset),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _events(rooms: Rooms, job: str, attempt: int, offset: int) -> AsyncIterator[str]:
    told: dict[str, Any] = {}
    quiet = 0.0
    while not rooms.closing.is_set():
        try:
            now = await run_in_threadpool(rooms.jobs.about, job)
            folder = rooms.jobs.place(job)
        except RefusalError as error:  # removed from another tab
            yield _event("gone", str(error))
            return
        if now["attempt"] != attempt:
            if attempt:
                yield _event("reset", now["attempt"])
            attempt, offset = now["attempt"], 0
        if now != told:
            told, quiet = now, 0.0
            yield _event("job", now)
        lines, offset = await run_in_threadpool(_lines, events_file(folder, attempt), offset)
        if lines:
            quiet = 0.0
            yield f"event: boxes\nid: {attempt}:{offset}\ndata: [{','.join(lines)}]\n\n"
            continue
        if now["status"] not in LIVE:
            yield _event("end", now)
            return
        await asyncio.sleep(POLL_SECONDS)
        quiet += POLL_SECONDS
        if quiet > ALIVE_SECONDS:
            quiet = 0.0
            yield ": still here\n\n"


def _event(name: str, content: Any) -> str:
    return f"event: {name}\ndata: {json.dumps(content)}\n\n"


def _lines(path: Path, offset: int) -> tuple[list[str], int]:
    """Whole lines from an offset on, and where the next ones begin."""
    try:
        with path.open("rb") as file:
            file.seek(offset)
            data = file.read(EVENT_BYTES)
            if data and b"\n" not in data:
                data += file.readline()
    except OSError:
        return [], offset
    data = data[: data.rfind(b"\n") + 1]
    return data.decode().splitlines(), offset + len(data)


@router.get("/jobs/{job}/export/{kind}")
def export(
    request: Request,
    job: JobId,
    kind: Annotated[Literal["mot", "kitti", "csv", "json", "coco", "video"], InPath()],
) -> Response:
    """A result as a file."""
    rooms = rooms_of(request)
    video = str(rooms.jobs.about(job)["video"])
    known = rooms.videos.about(video)
    content = exported(rooms.jobs.place(job), kind, known, rooms.projects.get(video).names)
    name, media = file_name(known, kind), KINDS[kind].media
    if isinstance(content, Path):
        return FileResponse(content, media_type=media, filename=name)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=media, headers=headers)
