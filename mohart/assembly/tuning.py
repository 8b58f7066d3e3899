"""Trials of `mohart tune`: a labelled video, tracked with some knobs, and its score."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mohart.assembly.identity import without_torch
from mohart.assembly.knobs import make_knobs
from mohart.assembly.weights import Loaded, load_model
from mohart.data.sequence import Sequence
from mohart.errors import ConfigError
from mohart.metrics.evaluate import ScoredSequence, evaluate
from mohart.metrics.rules import PlainRules
from mohart.metrics.scores import COMBINED
from mohart.structures import ACTIVE, PREDICTED, Detections, Tracks
from mohart.tracking.detectors.protocol import SelectingDetector
from mohart.tracking.learned.recurrent import RecurrentTracker
from mohart.tracking.learned.sight import Calibration
from mohart.tracking.learned.torch_engine import TorchEngine

MEASURES = ("HOTA", "IDF1", "MOTA", "AssA", "DetA")


@dataclass(frozen=True)
class LabelledVideo:
    """A video with truth and what a detector says.

    Attributes:
        sequence: frames and truth.
        detections: of the frames in which the detector is asked, T; None in the others.
    """

    sequence: Sequence
    detections: list[Detections | None]

    def digest(self) -> str:
        """Of truth and detections: what scores depend on."""
        found = hashlib.sha256(f"{self.sequence.name} {self.sequence.length}".encode())
        for column in self.sequence.tracks.columns().values():
            found.update(np.ascontiguousarray(column).tobytes())
        for one in self.detections:
            found.update(b"-" if one is None else one.xyxy.tobytes() + one.confidence.tobytes())
        return found.hexdigest()


class TrialRunner:
    """Tracks videos with knobs, and scores.

    Args:
        measure: one of MEASURES.
        model: weights; None: the shipped ones.

    Raises:
        ConfigError: no such measure.
        CheckpointError, MissingDataError: of the weights.
    """

    def __init__(self, measure: str, model: str | None = None) -> None:
        if measure not in MEASURES:
            raise ConfigError(f"measure '{measure}': expected one of {', '.join(MEASURES)}")
        self._measure = measure
        self._loaded: Loaded = load_model(model)
        self._engine = TorchEngine(self._loaded.model, torch.device("cpu"))

    @property
    def weights(self) -> str:
        """Digest of the weights."""
        return str(self._loaded.details["sha256"])

    def score(self, video: LabelledVideo, changes: Mapping[str, Any]) -> float:
        """0 to 100 (MOTA may be below)."""
        loaded = self._loaded
        tracker = RecurrentTracker(
            self._engine,
            knobs=make_knobs(changes),
            calibration=Calibration.from_header(loaded.calibration, str(loaded.details["weights"])),
            identity=None if loaded.identity is None else without_torch(loaded.identity),
        )
        rows: list[tuple[int, int]] = []
        boxes: list[NDArray[np.float32]] = []
        for t, frame in enumerate(video.sequence.frames()):
            said = tracker.update(frame, video.detections[t])
            for n in np.flatnonzero(np.isin(said.state, (ACTIVE, PREDICTED))).tolist():
                rows.append((t, int(said.tracker_id[n])))
                boxes.append(said.xyxy[n])
        table = np.array(rows, np.int64).reshape(-1, 2)
        found = Tracks.from_columns(table[:, 0], table[:, 1], np.array(boxes).reshape(-1, 4))
        sequence = video.sequence
        scored = ScoredSequence.from_tracks(
            sequence.name, sequence.tracks, found, length=sequence.length
        )
        scores = evaluate([scored], PlainRules()).rows
        row = next(row.scores for row in scores if row.sequence == COMBINED)
        return float(row[self._measure] or 0.0)


def ask(sequence: Sequence, detector: SelectingDetector, every: int) -> LabelledVideo:
    """What a detector says about every K-th frame of a sequence; the others it only sees."""
    detector.reset()
    found: list[Detections | None] = []
    for t, frame in enumerate(sequence.frames()):
        if t % every:
            detector.observe(frame)
            found.append(None)
        else:
            found.append(detector(frame))
    return LabelledVideo(sequence, found)
