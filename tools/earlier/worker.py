"""Follows objects with the package that is found first; needs nothing of it but `load_tracker`.

Started by `earlier.tracker` with an earlier commit in PYTHONPATH. Reads pickled calls from its
input, writes pickled answers. A commit that can not add objects to those that it follows has a
tracker for each time that some are drawn.
"""

from __future__ import annotations

import inspect
import os
import pickle
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO


class Followed:
    """Everybody who was drawn in one video."""

    def __init__(self, load: Any) -> None:
        threads = {"threads": 1} if "threads" in inspect.signature(load).parameters else {}
        self._load: Callable[[], Any] = partial(load, **threads)
        self._trackers = [self._load()]

    def init(self, frame: Any, boxes: Any, ids: Any) -> dict[str, Any]:
        """Begin a video."""
        del self._trackers[1:]
        return said([self._trackers[0].init(frame, boxes, ids)])

    def correct(self, frame: Any, boxes: Any, ids: Any) -> dict[str, Any]:
        """Somebody more is drawn."""
        if hasattr(self._trackers[0], "correct"):
            return said([self._trackers[0].correct(frame, boxes, ids)])
        self._trackers.append(self._load())
        return said([self._trackers[-1].init(frame, boxes, ids)])

    def update(self, frame: Any) -> dict[str, Any]:
        """One frame further, and the processor time that it took."""
        began = time.process_time()
        found = [tracker.update(frame) for tracker in self._trackers]
        return said(found) | {"seconds": time.process_time() - began}


def said(found: list[Any]) -> dict[str, Any]:
    """What trackers say together, as plain values."""
    return {
        "tracker_id": [int(n) for one in found for n in one.tracker_id],
        "xyxy": [[float(x) for x in box] for one in found for box in one.xyxy],
        "confidence": [float(x) for one in found for x in one.confidence],
        "state": [str(x) for one in found for x in one.state],
    }


def serve(calls: BinaryIO, answers: BinaryIO) -> None:
    """Answer until the input ends."""
    import mohart

    pickle.dump(mohart.__file__, answers)
    answers.flush()
    followed = Followed(mohart.load_tracker)
    for library, name in (("torch", "set_num_threads"), ("cv2", "setNumThreads")):
        if library in sys.modules:  # some commits take all cores that there are
            getattr(sys.modules[library], name)(1)
    while True:
        try:
            name, arguments = pickle.load(calls)
        except EOFError:
            return
        pickle.dump(getattr(followed, name)(*arguments), answers)
        answers.flush()


if __name__ == "__main__":
    ours = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever is printed must not come between answers
    serve(sys.stdin.buffer, ours)
