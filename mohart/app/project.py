"""What a person has drawn in a video: keyframes and names, with a version for several tabs.

Conventions: a row is `{"frame": 0.., "id": 1.., "box": [x1, y1, x2, y2] or null}`; null says that
the object has left. Frames from zero, boxes xyxy pixels.
"""

from __future__ import annotations

import threading
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mohart.app.places import RefusalError, plain_path, read_json, shown_name, write_json
from mohart.app.videos import Videos
from mohart.keyframes import Keyframes

PROJECT = "project.json"
HIGH = 1000  # ids up to here are left to detectors
MAX_ROWS, MAX_ID, FAR = 50_000, 1_000_000, 1e6
Pixel = Annotated[float, Field(ge=-FAR, le=FAR, allow_inf_nan=False)]
Number = Annotated[int, Field(ge=1, le=MAX_ID)]


class Row(BaseModel):
    """One keyframe."""

    model_config = ConfigDict(extra="forbid")
    frame: Annotated[int, Field(ge=0, le=MAX_ID)]
    id: Number
    box: tuple[Pixel, Pixel, Pixel, Pixel] | None = None

    @model_validator(mode="after")
    def _is_a_box(self) -> Row:
        if self.box and not (self.box[2] - self.box[0] >= 1 and self.box[3] - self.box[1] >= 1):
            raise ValueError(f"box of object {self.id}: must be at least one pixel wide and high")
        return self


class Project(BaseModel):
    """Everything that was drawn in a video; the version grows with every change."""

    model_config = ConfigDict(extra="forbid")
    version: Annotated[int, Field(ge=0)] = 0
    rows: Annotated[list[Row], Field(max_length=MAX_ROWS)] = []
    names: Annotated[dict[Number, Annotated[str, Field(max_length=400)]], Field(max_length=10_000)]

    def keyframes(self) -> Keyframes:
        """The rows as the tracker takes them."""
        nothing = (np.nan,) * 4
        return Keyframes.from_rows(
            [row.frame for row in self.rows],
            [row.id for row in self.rows],
            [row.box or nothing for row in self.rows],
            [row.box is None for row in self.rows],
        )

    def with_high_ids(self) -> Project:
        """The same; ids of objects that begin behind the first frame are raised by 1000.

        A detector numbers what it finds from the first free id on. It must not come to one that
        somebody else gets later.
        """
        first: dict[int, int] = {}
        for row in self.rows:
            first[row.id] = min(first.get(row.id, row.frame), row.frame)
        high = {n: n + HIGH for n, frame in first.items() if frame > 0 and n <= HIGH}
        rows = [row.model_copy(update={"id": high.get(row.id, row.id)}) for row in self.rows]
        names = {high.get(number, number): name for number, name in self.names.items()}
        return Project(version=self.version, rows=rows, names=names)


class Projects:
    """The projects of all videos."""

    def __init__(self, videos: Videos) -> None:
        self.videos = videos
        self._lock = threading.Lock()

    def get(self, video: str) -> Project:
        """What was drawn in a video; nothing at first.

        Raises:
            RefusalError: there is no such video, or the file is damaged.
        """
        path = plain_path(self.videos.place(video), PROJECT)
        if not path.exists():
            return Project(names={})
        try:
            return Project.model_validate(read_json(path))
        except ValidationError as error:
            raise RefusalError(
                409,
                f"what was drawn in this video cannot be read, {path} is damaged; put a copy of it "
                f"back, or remove it to begin anew",
            ) from error

    def put(self, video: str, wanted: Project) -> Project:
        """Replace what was drawn, if nobody else did since.

        Args:
            video: id.
            wanted: with the version that it was made from.

        Returns:
            It, with its new version.

        Raises:
            RefusalError: it was made from an older version, or does not fit the video.
        """
        about = self.videos.ready(video)
        check_rows(wanted.rows, about)
        with self._lock:
            current = self.get(video)
            if current.version != wanted.version:
                raise RefusalError(
                    409,
                    "another tab has changed this video meanwhile; its state is loaded",
                    current=current.model_dump(),
                )
            names = {number: shown_name(name, "") for number, name in wanted.names.items()}
            kept = {number: name for number, name in names.items() if name}
            new = Project(version=current.version + 1, rows=wanted.rows, names=kept)
            write_json(plain_path(self.videos.place(video), PROJECT), new.model_dump())
            return new


def check_rows(rows: list[Row], about: dict[str, Any]) -> None:
    """Make sure that rows fit a video.

    Raises:
        RefusalError: names the first one that does not.
    """
    seen = set()
    for row in rows:
        what = f"object {row.id} in frame {row.frame + 1}"
        if row.frame >= about["frames"]:
            raise RefusalError(422, f"{what}: the video has {about['frames']} frames")
        if (row.frame, row.id) in seen:
            raise RefusalError(422, f"{what}: is there twice")
        seen.add((row.frame, row.id))
        if row.box is None:
            continue
        x1, y1, x2, y2 = row.box
        if x2 <= 0 or y2 <= 0 or x1 >= about["width"] or y1 >= about["height"]:
            raise RefusalError(422, f"{what}: the box lies outside the frame; draw it inside")
