"""What the app's own files must hold to be used: one that a disk has damaged is as if missing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mohart.app.places import read_json

Whole = Annotated[int, Field(ge=0, le=2**53)]
Real = Annotated[float, Field(allow_inf_nan=False)]


class _Kept(BaseModel):
    """Other entries than those that are named here stay as they are."""

    model_config = ConfigDict(extra="allow", strict=True)


class Meta(_Kept):
    """`meta.json` of a video: either `path`, where it lies elsewhere, or `source`, beside it."""

    name: str
    created: Real
    path: str | None = None
    source: str | None = None


class Verdict(_Kept):
    """`check.json` of a video that is broken."""

    status: Literal["broken"]


class Ready(_Kept):
    """`check.json` of a video that can be worked on."""

    status: Literal["ready"]
    problem: str | None = None
    width: Whole
    height: Whole
    frames: Whole


class Progress(_Kept):
    """`progress.json` of a video that is being checked."""

    done: Whole
    total: Whole | None = None


class JobFile(_Kept):
    """`job.json`."""

    video: str
    created: Real
    attempt: Whole
    settings: dict[str, Any]


class OutcomeFile(_Kept):
    """`outcome.json` of a job."""

    status: Literal["done", "cancelled", "failed"]
    message: str | None = None
    warnings: list[str] = []


def read_kept(path: Path, *kinds: type[BaseModel]) -> dict[str, Any] | None:
    """A file as the first kind that its content fits; None where it is missing or damaged."""
    content = read_json(path)
    for kind in kinds:
        try:
            return kind.model_validate(content).model_dump()
        except ValidationError:
            continue
    return None
