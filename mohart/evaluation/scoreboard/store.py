"""Kept results: set x tracker -> one result file, whichever protocol measured it.

Both scoreboards keep theirs here, boxes given once (`mohart bench`) and detections now and then
(tools/benchmark_online.py). A result is found again only where the set and the tracker are exactly
what they were: :func:`mohart.evaluation.scoreboard.key.result_path` is the one rule for that.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from mohart.evaluation.scoreboard.key import result_path
from mohart.formats.score_file import read_scores, write_scores
from mohart.versions import versions

Content = dict[str, Any]


@dataclass(frozen=True)
class Kept:
    """The place of the result of one tracker on one set.

    Attributes:
        path: of its file.
        identity: of the tracker, see `mohart.evaluation.scoreboard.key.tracker_identity`.
    """

    path: Path
    identity: Mapping[str, Any]

    @property
    def is_there(self) -> bool:
        """Whether it has been measured."""
        return self.path.exists()

    def read(self) -> Content:
        """The content of the file.

        Raises:
            MissingDataError: it has not been measured.
            FormatError: the file is damaged.
        """
        return read_scores(self.path)

    def write(self, content: Mapping[str, Any], measured: Mapping[str, Any]) -> None:
        """Keep a result, completely or not at all.

        Args:
            content: as `mohart eval --json` writes it, with `rows`.
            measured: when and where, see `stamp`.

        Raises:
            OutputError: the file cannot be written.
        """
        write_scores(self.path, {**content, "identity": self.identity, "measured": measured})


@dataclass(frozen=True)
class Store:
    """A folder of kept results, `FOLDER/SET/TRACKER-KEY.json`.

    Attributes:
        folder: created with the first result.
    """

    folder: Path

    def find(
        self,
        set_name: str,
        tracker: str,
        *,
        definition: Mapping[str, Any],
        identity: Mapping[str, Any],
    ) -> Kept:
        """The place of a result, whether it is there or not.

        Args:
            set_name: of the set.
            tracker: name under which it is asked for.
            definition: everything that decides about the set and how it is scored, ready for JSON.
            identity: everything that decides about the tracker's answers, ready for JSON.
        """
        path = result_path(self.folder, set_name, tracker, definition=definition, identity=identity)
        return Kept(path, identity)


def stamp() -> dict[str, Any]:
    """When and where; results with the same stamp were measured in one run."""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    return {"time": now, "host": platform.node(), "versions": versions()}
