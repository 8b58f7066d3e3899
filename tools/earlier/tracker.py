"""A tracker whose answers come from the code and weights of another folder."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mohart.errors import MohartError
from mohart.structures import TrackedObjects

WORKER = Path(__file__).with_name("worker.py")


class EarlierTracker:
    """Objects that are drawn, followed by the package in a folder, one thread.

    ```
    with checked_out("HEAD~3") as folder, closing(EarlierTracker(folder)) as tracker:
        tracker.init(frame, boxes, ids)
        tracks = tracker.update(frame)
    ```

    Args:
        folder: has the package `mohart`.

    Attributes:
        seconds: of processor time that `update` has taken since `init`.

    Raises:
        MohartError: the package there can not be used, or fails.
    """

    def __init__(self, folder: Path) -> None:
        self.seconds = 0.0
        environment = {**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, str(WORKER)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            cwd=folder, env=environment,
        )  # fmt: skip
        try:
            used = Path(self._answer())
            if folder.resolve() not in used.resolve().parents:
                raise MohartError(f"{folder}: expected its package, but {used} was imported")
        except MohartError:
            self.close()
            raise

    def init(self, frame: NDArray[np.uint8], boxes: ArrayLike, ids: ArrayLike) -> TrackedObjects:
        """Begin a video."""
        self.seconds = 0.0
        return self._ask("init", frame, np.asarray(boxes, np.float32), np.asarray(ids, np.int64))

    def correct(self, frame: NDArray[np.uint8], boxes: ArrayLike, ids: ArrayLike) -> TrackedObjects:
        """Somebody more is drawn; says only who was."""
        return self._ask("correct", frame, np.asarray(boxes, np.float32), np.asarray(ids, np.int64))

    def update(self, frame: NDArray[np.uint8]) -> TrackedObjects:
        """One frame further."""
        return self._ask("update", frame)

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _ask(self, name: str, *arguments: Any) -> TrackedObjects:
        calls = self._process.stdin
        assert calls is not None  # noqa: S101  # a pipe was asked for
        try:
            pickle.dump((name, arguments), calls)
            calls.flush()
        except BrokenPipeError:
            raise MohartError(f"the earlier tracker ended before `{name}`") from None
        said = self._answer()
        self.seconds += said.get("seconds", 0.0)
        return TrackedObjects(
            np.array(said["xyxy"], np.float32).reshape(-1, 4),
            np.array(said["tracker_id"], np.int64),
            np.array(said["confidence"], np.float32),
            np.array(said["state"], np.str_),
        )

    def _answer(self) -> Any:
        answers = self._process.stdout
        assert answers is not None  # noqa: S101  # a pipe was asked for
        try:
            return pickle.load(answers)
        except EOFError:
            code = self._process.wait()
            raise MohartError(f"the earlier tracker ended with exit code {code}") from None
