"""What the routes work with: the settings and the stores, put together once."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from mohart.app.jobs import Jobs
from mohart.app.project import Projects
from mohart.app.videos import Videos

UPLOAD_BYTES = 8_000_000_000


class Settings(NamedTuple):
    """What the server was started with.

    Attributes:
        upload_bytes: limit of one upload.
        detectors: name on the page -> name for `build_detector`.
        tracker: name for `build_tracker`.
        device: of the network.
        model: its weights, a name or the whole path of a file; None: the default ones.
        workers: how many jobs run at once.
    """

    upload_bytes: int = UPLOAD_BYTES
    detectors: Mapping[str, str] = MappingProxyType({"motion": "motion"})
    tracker: str = "mohart"
    device: str = "auto"
    model: str | None = None
    workers: int = 2


class Rooms(NamedTuple):
    """Everything that routes work with; `app.state.rooms` has it."""

    settings: Settings
    videos: Videos
    projects: Projects
    jobs: Jobs
    closing: threading.Event  # set when the server shall end: answers without an end stop then
