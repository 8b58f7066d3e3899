"""IoU and displacement at every step ahead: tools/horizons.py GRID.

Rolls the last weights of every cell of a grid of `mohart ablate` that predicts out on that grid's
own test, and writes GRID/horizons.csv and GRID/horizons.txt: IoU and the distance of the centres
(pixels) at t+1 to t+k, and what every variant differs from the first one by, paired by seed and
object, with the 95 % intervals of `mohart ablate`. Only objects that are labelled at a step count
there.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from mohart.ablation.cells import CellFolder, Order
from mohart.ablation.statistics import Estimate, estimate
from mohart.aliases import Floats
from mohart.assembly.data import build_test
from mohart.assembly.weights import load_model
from mohart.cli.terminal.progress import show_progress
from mohart.config.loader import config_from
from mohart.errors import ConfigError, MissingDataError, MohartError
from mohart.files import write_text
from mohart.metrics.forecast import forecast_errors
from mohart.metrics.text_table import format_columns
from mohart.model.forecast import predict_boxes

METRICS = {"iou": ("IoU", 3), "distance": ("distance, pixels", 2)}


class Steps(NamedTuple):
    """One training on the test.

    Attributes:
        values: metric -> [K, M] of K steps ahead and M objects; NaN where it is not labelled.
        sequence: [M] number of the test sequence.
    """

    values: dict[str, Floats]
    sequence: NDArray[np.int64]


class Line(NamedTuple):
    """A variant at one step ahead, from 1; no difference for the first variant."""

    variant: str
    metric: str
    step: int
    seeds: int
    objects: int
    mean: Estimate
    difference: Estimate | None


def find_cells(grid: Path) -> dict[str, list[CellFolder]]:
    """Variant -> its cells by seed, the variants as the grid's report has them.

    Raises:
        MissingDataError: there is no cell that is done.
        ConfigError: the grid tracks, has several settings, or is not done.
    """
    cells = [CellFolder(path) for path in sorted(grid.glob("cells/*"))]
    orders = [(cell.read_order(), cell) for cell in cells if cell.is_done]
    if not orders:
        raise MissingDataError(f"{grid}: no cell that is done; expected a folder of mohart ablate")
    if len(orders) < len(cells):
        raise ConfigError(f"{grid}: {len(orders)} of {len(cells)} cells are done; finish the grid")
    if len({order.setting for order, _ in orders}) > 1 or any(o.real for o, _ in orders):
        raise ConfigError(f"{grid}: expected one setting and no real videos")
    if orders[0][0].horizon < 1:
        raise ConfigError(f"{grid}: tracks; expected a grid that predicts (loss.forecast)")
    found: dict[str, list[CellFolder]] = {}
    for order, cell in sorted(orders, key=lambda pair: _rank(pair[0])):
        found.setdefault(order.variant, []).append(cell)
    return found


def _rank(order: Order) -> tuple[bool, str, int]:
    return order.variant != "none", order.variant, order.seed


def measure(cell: CellFolder) -> Steps:
    """Roll the cell's last weights out on its test."""
    order = cell.read_order()
    config = config_from(order.config)
    model = load_model(cell.run / "last.safetensors").model.eval()
    parts: dict[str, list[Floats]] = {name: [] for name in METRICS}
    sequences: list[int] = []
    first = 0
    for clip in build_test(config, order.sequences, order.length):
        boxes = predict_boxes(model, clip, blank=order.horizon, sight=config.data.sight)
        for b in range(len(boxes)):
            one = clip.map(itemgetter(b))
            truth, present = one.boxes.numpy(), one.present.numpy()
            judged = present & present[0]
            steps = range(len(truth) - order.horizon, len(truth))
            errors = [
                forecast_errors(boxes[b, t : t + 1], truth[t : t + 1], judged[t : t + 1])
                for t in steps
            ]
            parts["iou"].append(np.stack([e.iou for e in errors]))
            parts["distance"].append(np.stack([e.ade for e in errors]))
            sequences += [first + b] * len(judged[0])
        first += len(boxes)
    values = {name: np.concatenate(found, axis=1) for name, found in parts.items()}
    return Steps(values, np.array(sequences))


def compare(found: dict[str, list[Steps]]) -> Iterator[Line]:
    """Means of every variant, and differences from the first."""
    reference = next(iter(found))
    for variant, trainings in found.items():
        for name in METRICS:
            values = np.stack([one.values[name] for one in trainings])  # [S, K, M]
            base = np.stack([one.values[name] for one in found[reference]])
            for k in range(values.shape[1]):
                there = np.isfinite(values[0, k])
                sequence = trainings[0].sequence[there]
                yield Line(
                    variant=variant,
                    metric=name,
                    step=k + 1,
                    seeds=len(values),
                    objects=int(there.sum()),
                    mean=estimate(values[:, k, there], sequence),
                    difference=None
                    if variant == reference
                    else estimate(values[:, k, there] - base[:, k, there], sequence),
                )


def to_csv(lines: list[Line]) -> str:
    """A line for every variant, metric and step."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    head = ("variant", "metric", "step", "seeds", "objects", "value", "low", "high")
    writer.writerow([*head, "difference", "difference_low", "difference_high"])
    for one in lines:
        cells = [*_ends(one.mean), *(_ends(one.difference) if one.difference else ("", "", ""))]
        writer.writerow([one.variant, one.metric, one.step, one.seeds, one.objects, *cells])
    return stream.getvalue()


def _ends(of: Estimate) -> list[str]:
    return ["" if v is None else f"{v:.6f}" for v in (of.value, of.low, of.high)]


def to_table(lines: list[Line]) -> str:
    """Text: a table of means and one of differences for every metric."""
    tables = []
    for name, (label, places) in METRICS.items():
        here = [one for one in lines if one.metric == name]
        steps = {one.step: one.objects for one in here}
        head = [f"t+{step} ({objects})" for step, objects in steps.items()]
        means, apart = [[label, *head]], [[f"{label}, minus {here[0].variant}", *head]]
        for variant in dict.fromkeys(one.variant for one in here):
            mine = [one for one in here if one.variant == variant]
            means.append([variant, *(_reach(one.mean, places, "") for one in mine)])
            differences = [one.difference for one in mine if one.difference]
            if differences:
                apart.append([variant, *(_reach(one, places, "+") for one in differences)])
        tables += [means, *([apart] if len(apart) > 1 else [])]
    return "\n\n".join(format_columns(rows) for rows in tables)


def _reach(of: Estimate, places: int, sign: str) -> str:
    text = f"{of.value:{sign}.{places}f}"
    return text if of.high is None else f"{text} ± {of.high - of.value:.{places}f}"


def main(argv: list[str] | None = None) -> int:
    """Measure all cells, write and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("grid", type=Path, metavar="GRID", help="folder of mohart ablate")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)  # as the grid was tested
    try:
        cells = find_cells(args.grid)
        total = sum(map(len, cells.values()))
        found: dict[str, list[Steps]] = {}
        with show_progress("horizons", "trainings") as progress:
            for variant, folders in cells.items():
                for cell in folders:
                    found.setdefault(variant, []).append(measure(cell))
                    progress(sum(map(len, found.values())), total)
        lines = list(compare(found))
        write_text(args.grid / "horizons.csv", to_csv(lines))
        write_text(args.grid / "horizons.txt", to_table(lines) + "\n")
    except MohartError as error:
        parser.exit(2, f"error: {error}\n")
    print(to_table(lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
