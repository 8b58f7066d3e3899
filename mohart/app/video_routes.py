"""Videos: list, upload, frames, and what was drawn in them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from mohart.app.bodies import VideoId, pieces, rooms_of, said_length, whole_body
from mohart.app.project import MAX_ID, Project

router = APIRouter(prefix="/api/videos")
FrameNumber = Annotated[int, Path(ge=0, le=MAX_ID)]


@router.get("")
def listed(request: Request) -> list[dict[str, Any]]:
    """Every video, the newest first."""
    return rooms_of(request).videos.all()


@router.post("")
async def upload(
    request: Request, name: Annotated[str, Query(max_length=1000)] = "video"
) -> JSONResponse:
    """Take in a file, which is the body as it is, and begin to check it."""
    videos = rooms_of(request).videos
    video, file = videos.upload(name, said_length(request))
    kept = False
    try:
        async for piece in pieces(request):
            await run_in_threadpool(file.add, piece)
        file.keep()
        kept = True
    finally:
        if not kept:
            file.drop()
    await run_in_threadpool(videos.start_check, video)
    return JSONResponse(videos.about(video), 201)


@router.get("/{video}")
def about(request: Request, video: VideoId) -> dict[str, Any]:
    """One video."""
    return rooms_of(request).videos.about(video)


@router.delete("/{video}")
def remove(request: Request, video: VideoId) -> dict[str, Any]:
    """Forget a video with everything that was drawn and tracked in it."""
    rooms = rooms_of(request)
    rooms.videos.place(video)
    rooms.jobs.remove_of(video)
    rooms.videos.remove(video)
    return {}


@router.get("/{video}/frames/{number}")
def frame(request: Request, video: VideoId, number: FrameNumber) -> Response:
    """One frame, from 0, as JPEG; the header X-Time has its seconds, where they are known."""
    store = rooms_of(request).videos.frames(video)
    picture = store.jpeg(number)
    headers = {"Cache-Control": "private, max-age=86400, immutable"}
    if store.times[number] >= 0:
        headers["X-Time"] = f"{store.times[number]:.4f}"
    return Response(picture, media_type="image/jpeg", headers=headers)


@router.get("/{video}/keyframes")
def drawn(request: Request, video: VideoId) -> Project:
    """What was drawn."""
    return rooms_of(request).projects.get(video)


@router.put("/{video}/keyframes")
async def draw(request: Request, video: VideoId) -> Project:
    """Replace what was drawn; a version that is not the current one is refused with 409."""
    wanted = Project.model_validate_json(await whole_body(request))
    return await run_in_threadpool(rooms_of(request).projects.put, video, wanted)
