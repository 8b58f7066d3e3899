"""One experiment (cell) of a grid on disk: its order, its training, its result.

    cells/NAME/order.json    what to do; written before the start
    cells/NAME/run/          the training (log.jsonl, last.safetensors, ...)
    cells/NAME/log.txt       what the process printed
    cells/NAME/timings.json  seconds and provenance; not part of any report
    cells/NAME/result.json   written last and at once: the mark that the cell is done

Times and places never enter `result.json`: equal trainings give equal files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mohart.ablation.metrics import COLUMNS
from mohart.errors import FormatError, MissingDataError, OutputError
from mohart.files import write_text
from mohart.formats.text import read_text
from mohart.locks import locked

FORMAT = 1
LOCK_SECONDS = 60.0  # an orphan needs a moment to save and leave


@dataclass(frozen=True, kw_only=True)
class Order:
    """Everything that decides a cell's numbers.

    Attributes:
        name: of the cell, its folder's.
        variant: value on the compared axis.
        setting: values on the other axes.
        seed: of the training.
        config: the resolved configuration as nested dicts.
        sequences: number of test sequences.
        length: their frames.
        horizon: last frames that are blank and judged; 0 judges tracking.
        test: `own`: held-out clips of this configuration; `strata`: the scoreboard's.
        real: folder of real videos that are tested on, too; empty: none.
        fewest: objects that those have at their start.
    """

    name: str
    variant: str
    setting: str
    seed: int
    config: dict[str, Any]
    sequences: int
    length: int
    horizon: int
    test: str = "own"
    real: str = ""
    fewest: int = 2


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a cell found.

    Attributes:
        order: what was asked for.
        parameters: trainable ones of the model.
        batches: of the training.
        clips: that it saw, with repetition.
        test: sha256 of the test clips; equal for all cells that may be compared.
        curve: (step, validation IoU) while training.
        objects: columns of one row per object of the test clips, see `metrics.COLUMNS`.
        groups: name of the stratum of every test sequence; empty where there are none.
        versions: of the libraries.
    """

    order: Order
    parameters: int
    batches: int
    clips: int
    test: str
    curve: list[tuple[int, float]]
    objects: dict[str, list[float]]
    versions: dict[str, str]
    groups: list[str] = field(default_factory=list)


class CellFolder:
    """Where a cell lives.

    Args:
        path: `cells/NAME`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.order, self.result = path / "order.json", path / "result.json"
        self.run, self.log, self.timings = path / "run", path / "log.txt", path / "timings.json"

    @property
    def is_done(self) -> bool:
        """Whether the result is there."""
        return self.result.is_file()

    @property
    def steps(self) -> int:
        """Training steps so far, by the log."""
        try:
            lines = (self.run / "log.jsonl").read_text(encoding="utf-8").splitlines()
            return int(json.loads(lines[-1])["step"])
        except (OSError, IndexError, ValueError, KeyError, TypeError):
            return 0  # not begun, or a line is just being written

    def agree(self, order: Order) -> None:
        """Make sure that what lies here was made by this order, or lay it down.

        Raises:
            OutputError: it was made by another one.
            FormatError: a file is damaged.
        """
        if not self.order.is_file():
            write_text(self.order, _dump({"format": FORMAT, **asdict(order)}))
            return
        odd = next(_differences(asdict(self.read_order()), asdict(order)), None)
        if odd is not None:
            raise OutputError(
                f"{self.path}: was made with other settings ({odd}); choose another folder with "
                f"-o, or remove this one"
            )

    def read_order(self) -> Order:
        """What the cell shall do.

        Raises:
            MissingDataError: there is no order.
            FormatError: it is damaged.
        """
        return _order(self.order, _load(self.order))

    def read_result(self) -> Result:
        """What the cell found.

        Raises:
            MissingDataError: it is not done.
            FormatError: the file is damaged.
        """
        content = _load(self.result)
        order = _order(self.result, content.pop("order", None))
        try:
            content["curve"] = [(int(step), float(iou)) for step, iou in content["curve"]]
            result = Result(order=order, **content)
            missing = [name for name in COLUMNS if name not in result.objects]
            if missing:
                raise _damaged(
                    self.result, f"no {missing[0]}: written by another version of mohart"
                )
            lengths = {len(result.objects[name]) for name in COLUMNS}
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise _damaged(self.result, str(error)) from error
        if len(lengths) != 1:
            raise _damaged(self.result, "columns of different lengths")
        odd = _odd_value(result)
        if odd:
            raise _damaged(self.result, odd)
        return result

    def write_result(self, result: Result) -> None:
        """The cell is done after this."""
        write_text(self.result, _dump({"format": FORMAT, **asdict(result)}))

    @contextmanager
    def locked(self, seconds: float = LOCK_SECONDS) -> Iterator[None]:
        """Keep other processes out; the lock ends with the process, however it ends.

        Raises:
            OutputError: another process holds it for longer than `seconds`.
        """
        with locked(self.path / ".lock", seconds):
            yield


def run_cell(
    folder: CellFolder, work: Callable[[Order, CellFolder], tuple[Result, dict[str, Any]] | None]
) -> bool:
    """Carry out the order that lies in a folder, unless its result is there.

    Args:
        folder: with an order.
        work: trains and tests; gives the result and what belongs into timings.json, None where it
            was told to stop.

    Returns:
        Whether the cell is done.
    """
    with folder.locked():
        if folder.is_done:
            return True
        outcome = work(folder.read_order(), folder)
        if outcome is None:
            return False
        result, timings = outcome
        write_text(folder.timings, _dump(timings))
        folder.write_result(result)
        return True


def _dump(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=None, sort_keys=True, allow_nan=False) + "\n"


def _load(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_text(path))
    except ValueError as error:  # FormatError is one, and says more
        raise error if isinstance(error, FormatError) else _damaged(path, str(error)) from error
    if not isinstance(content, dict):
        raise _damaged(path, "not an object")
    if content.pop("format", None) != FORMAT:
        raise _damaged(path, "written by another version of mohart")
    return content


def _order(path: Path, content: object) -> Order:
    if not path.is_file():
        raise MissingDataError(f"{path}: no such order; is this a cell's folder?")
    if not isinstance(content, dict):
        raise _damaged(path, "no order in it")
    try:
        return Order(**content)
    except TypeError as error:
        raise _damaged(path, str(error)) from error


def _odd_value(result: Result) -> str:
    """Which part of a result is not what it has to be; empty where all are."""
    columns = [value for name in COLUMNS for value in result.objects[name]]
    if not all(type(value) in (int, float) for value in columns):
        return "objects: not all are numbers"
    for name in ("parameters", "batches", "clips"):
        if type(getattr(result, name)) is not int:
            return f"{name}: not a whole number"
    texts = [result.test, *(result.groups if isinstance(result.groups, list) else [None])]
    if not isinstance(result.versions, dict) or not all(isinstance(t, str) for t in texts):
        return "test, groups or versions: not text"
    return ""


def _damaged(path: Path, why: str) -> FormatError:
    return FormatError(f"{path}: no result or order of mohart ablate ({why}); remove its folder")


def _differences(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """`config.train.steps: 100, now 200` for everything that differs."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted({*old, *new}):
            inner = f"{where}.{key}" if where else key
            yield from _differences(old.get(key), new.get(key), inner)
    elif json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True):
        yield f"{where}: {old}, now {new}"
