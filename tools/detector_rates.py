"""How a detector errs: rates by which the presets of generated detector noise were set.

    python tools/detector_rates.py --real ../shared/data           # MOT17 (FRCNN), MOT15 (public)
    python tools/detector_rates.py --real ../shared/data --preset fair     # on the same truth

A detection and a label are a pair where their IoU is at least 0.5 (assignment per frame). `hidden`,
`half`, `seen`: recall at visibility below 0.3, 0.5 to 0.7, and from 0.9 on (MOT15 does not say how
visible a label is: all of it counts as seen). `miss again`: how often a missed object is missed in
the next frame too, `miss next` a found one. `jitter`: standard deviation of the centre in widths
and heights, and of the logarithms of width and height; `drift` their mean correlation from frame to
frame. `stays`: how often a false box is there again in the next frame.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from mohart.boxes import pairwise_iou, xyxy_to_cxcywh
from mohart.formats.mot.tracks import Benchmark, read_mot
from mohart.structures import Tracks
from mohart.synth.detections.noise import noisy_detections

PAIR = 0.5  # IoU
MOT17 = {f"mot17/MOT17-{n}-FRCNN": "mot17" for n in ("02", "04", "05", "09", "10", "11", "13")}
MOT15 = {f"mot15/{n}": "mot15" for n in ("TUD-Campus", "TUD-Stadtmitte", "Venice-2")}
SIZE_OF = {
    "mot17/MOT17-05-FRCNN": (640, 480),
    "mot15/TUD-Campus": (640, 480),
    "mot15/TUD-Stadtmitte": (640, 480),
}
COLUMNS = (
    *("recall", "precision", "hidden", "half", "seen", "miss next", "miss again"),
    *("jitter x", "y", "w", "h", "drift", "stays"),
)


class Pairs(NamedTuple):
    """Labels and detections of one video, put together; K labels, P pairs."""

    track: NDArray[np.int64]  # [K]
    frame: NDArray[np.int64]  # [K]
    visibility: NDArray[np.float64]  # [K]
    found: NDArray[np.bool_]  # [K]
    error: NDArray[np.float64]  # [K, 4], NaN where not found
    false: list[NDArray[np.float64]]  # per frame, boxes that show nothing
    detections: int


def put_together(truth: Tracks, detections: Tracks) -> Pairs:
    """Frame by frame, the pairs with the largest overlap in all."""
    truth = truth.select(~truth.ignored)
    found = np.zeros(len(truth), bool)
    error = np.full((len(truth), 4), np.nan)
    false = []
    length = int(truth.frame.max()) + 1
    for t in range(length):
        low, high = np.searchsorted(truth.frame, [t, t + 1])
        boxes, seen = truth.boxes[low:high], detections.at(t).boxes
        overlap = np.asarray(pairwise_iou(boxes, seen))
        rows, columns = linear_sum_assignment(np.where(overlap < PAIR, 0, overlap), maximize=True)
        good = overlap[rows, columns] >= PAIR
        rows, columns = rows[good], columns[good]
        found[low + rows] = True
        a, b = xyxy_to_cxcywh(boxes[rows]), xyxy_to_cxcywh(seen[columns])
        error[low + rows, :2] = (b[:, :2] - a[:, :2]) / a[:, 2:]
        error[low + rows, 2:] = np.log(b[:, 2:] / a[:, 2:])
        false.append(np.delete(seen, columns, 0))
    count = int((detections.frame < length).sum())
    return Pairs(truth.track_id, truth.frame, truth.visibility, found, error, false, count)


def rates(pairs: Pairs) -> dict[str, float]:
    """`COLUMNS` of one video; NaN where there is nothing to count."""
    order = np.lexsort((pairs.frame, pairs.track))
    follows = (np.diff(pairs.track[order]) == 0) & (np.diff(pairs.frame[order]) == 1)
    now, after = order[:-1][follows], order[1:][follows]
    missed = ~pairs.found
    both = pairs.found[now] & pairs.found[after]
    first, second = pairs.error[now[both]], pairs.error[after[both]]
    drift = np.mean([np.corrcoef(first[:, k], second[:, k])[0, 1] for k in range(4)])
    jitter = np.nanstd(pairs.error, 0)
    stays = [
        float(np.asarray(pairwise_iou(a, b)).max(1, initial=0)[k] > PAIR)
        for a, b in zip(pairs.false, pairs.false[1:], strict=False)
        for k in range(len(a))
    ]
    visibility = pairs.visibility
    parts = {
        "hidden": visibility < 0.3,
        "half": (visibility >= 0.5) & (visibility < 0.7),
        "seen": visibility >= 0.9,
    }
    values = {name: _mean(pairs.found[rows]) for name, rows in parts.items()}
    values |= {
        "recall": _mean(pairs.found),
        "precision": pairs.found.sum() / max(pairs.detections, 1),
        "miss next": _mean(missed[after][~missed[now]]),
        "miss again": _mean(missed[after][missed[now]]),
        "drift": float(drift),
        "stays": _mean(np.array(stays)),
    }
    values |= dict(zip(("jitter x", "y", "w", "h"), jitter.tolist(), strict=True))
    return {name: float(values[name]) for name in COLUMNS}


def _mean(values: NDArray[np.bool_] | NDArray[np.float64]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def as_preset(truth: Tracks, size: tuple[int, int], preset: str) -> Tracks:
    """The detections that a preset makes of the truth."""
    drawn = noisy_detections(truth, *size, np.random.default_rng(0), preset)
    frame = np.concatenate([np.full(len(d), t) for t, d in enumerate(drawn)])
    boxes = np.concatenate([d.xyxy for d in drawn]).astype(np.float64)
    return Tracks.from_columns(frame, np.full(len(frame), -1), boxes)


def main(arguments: list[str] | None = None) -> int:
    """Print a line per video and their mean."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--real", type=Path, default=Path("../shared/data"), metavar="DIR")
    parser.add_argument("--preset", help="generated detections in place of the real ones")
    args = parser.parse_args(arguments)
    print(f"{'':18}" + "".join(f"{name:>11}" for name in COLUMNS))
    for group in (MOT17, MOT15):
        table = []
        for name, benchmark in group.items():
            truth = read_mot(args.real / name / "gt" / "gt.txt", benchmark=_known(benchmark))
            if args.preset:
                size = SIZE_OF.get(name, (1920, 1080))
                detections = as_preset(truth, size, args.preset)
            else:
                detections = read_mot(args.real / name / "det" / "det.txt", kind="det")
            table.append(rates(put_together(truth, detections)))
            _print(name.split("/")[1], table[-1])
        _print("mean", {column: _mean(np.array([r[column] for r in table])) for column in COLUMNS})
    return 0


def _known(benchmark: str) -> Benchmark:
    return "mot17" if benchmark == "mot17" else "mot15"


def _print(name: str, row: dict[str, float]) -> None:
    print(f"{name:18}" + "".join(f"{value:11.3f}" for value in row.values()))


if __name__ == "__main__":
    sys.exit(main())
