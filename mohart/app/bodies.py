"""What every route needs: the rooms, ids, and bodies of requests that end in time and size."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, cast

from fastapi import Path, Request
from starlette.requests import ClientDisconnect

from mohart.app.places import ID, RefusalError
from mohart.app.rooms import Rooms

VideoId = Annotated[str, Path(pattern=ID)]
JobId = Annotated[str, Path(pattern=ID)]
JSON_BYTES = 16 << 20
SILENCE = 30.0  # seconds without a byte that an upload may take


def rooms_of(request: Request) -> Rooms:
    """What `create_app` has put together."""
    return cast(Rooms, request.app.state.rooms)


async def pieces(request: Request) -> AsyncIterator[bytes]:
    """The body piece by piece.

    Raises:
        RefusalError: it stops coming.
    """
    stream = request.stream().__aiter__()
    while True:
        try:
            piece = await asyncio.wait_for(anext(stream), SILENCE)
        except StopAsyncIteration:
            return
        except (TimeoutError, asyncio.TimeoutError) as error:
            raise RefusalError(408, "the upload stopped coming; try again") from error
        except ClientDisconnect as error:
            raise RefusalError(400, "the upload was broken off") from error
        if piece:
            yield piece


async def whole_body(request: Request) -> bytes:
    """A body of JSON.

    Raises:
        RefusalError: it is too large, or of another type.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise RefusalError(415, "expected JSON (Content-Type: application/json)")
    found = bytearray()
    async for piece in pieces(request):
        found += piece
        if len(found) > JSON_BYTES:
            raise RefusalError(413, "too many keyframes at once")
    return bytes(found)


def said_length(request: Request) -> int | None:
    """The Content-Length, None where there is none.

    Raises:
        RefusalError: it is no number.
    """
    text = request.headers.get("content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise RefusalError(400, "Content-Length is no number")
    return int(text)
