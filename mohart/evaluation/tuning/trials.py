"""Trials that were made, one JSON line each, so that a search goes on where it was cut off."""

from __future__ import annotations

import json
from pathlib import Path

from mohart.errors import ConfigError, FormatError
from mohart.files import write_failure, write_text
from mohart.formats.json_lines import parse_json


class Trials:
    """A file of scores: its first line says what they depend on.

    Args:
        path: of the file; made where there is none.
        facts: what the scores depend on, ready for JSON.

    Raises:
        ConfigError: the file is of something else.
        FormatError: it is damaged.
        OutputError: it cannot be written.
    """

    def __init__(self, path: Path, facts: dict[str, object]) -> None:
        self._path = path
        self._scores: dict[tuple[str, str], float] = {}
        if not path.is_file():
            write_text(path, json.dumps(facts, sort_keys=True) + "\n")
            return
        text = path.read_text("utf-8")
        lines = text[: text.rfind("\n") + 1].splitlines()  # a last line may be cut off
        if not lines or parse_json(lines[0], path) != json.loads(json.dumps(facts)):
            raise ConfigError(
                f"{path}: of other videos, detections, weights or options; choose another folder, "
                "or take it away"
            )
        for number, line in enumerate(lines[1:], 2):
            row = parse_json(line, path, number)
            try:
                self._scores[str(row["setting"]), str(row["video"])] = float(row["score"])
            except (KeyError, TypeError, ValueError) as error:
                raise FormatError(f"{path}:{number}: no trial ({error}); take it away") from error
        if len(text) > text.rfind("\n") + 1:
            write_text(path, "".join(f"{line}\n" for line in lines))

    def __len__(self) -> int:
        return len(self._scores)

    def get(self, setting: str, video: str) -> float | None:
        """The score of a setting on a video; None where it was not tried."""
        return self._scores.get((setting, video))

    def put(self, setting: str, video: str, score: float) -> None:
        """Keep a score.

        Raises:
            OutputError: the file cannot be written.
        """
        row = {"setting": setting, "video": video, "score": score}
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        except OSError as error:
            raise write_failure(self._path, error) from error
        self._scores[setting, video] = score
