"""Score damaged files by the thousand: each must be scored or refused with clear lines.

    python tools/fuzz_eval.py --files 10000 --seed 0 [--data ../shared/data]

Without --data the files are mutations of small generated ones. A finding is an exception that is
not a MohartError, a refusal without a reason, or a file that takes more than a few seconds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from mohart.errors import MohartError
from mohart.evaluation.files.input import load_kitti, load_mot
from mohart.evaluation.files.scoring import event_columns, score

SLOW_SECONDS = 5.0
LAST_FRAME = 25  # of a real file, to keep a case short
STRANGE = (
    *("", " ", "nan", "inf", "-inf", "1e400", "-1", "0", "1e18", "9" * 40, "0.5", "x", "1,2", "٣"),
    *(
        "1e-300",
        "-0",
        "+5",
        "1_000",
        "0x10",
        "NULL",
        "\x00",
        "\x0c",
        "Car",
        "DontCare",
        "1e9",
        "2e9",
    ),
)


class Source(NamedTuple):
    """A sequence that scores well before it is damaged."""

    kind: str
    truth: str
    results: str


class Outcome(NamedTuple):
    """What became of the files."""

    scored: int
    refused: int
    findings: list[str]
    slowest: float


def generated_sources() -> list[Source]:
    """Small sequences in the formats of MOT15, MOT17 and KITTI, with results."""
    generator = np.random.default_rng(7)
    boxes = generator.uniform(50, 400, (4, 2))
    gt15, gt17, mot, label, kitti = [], [], [], [], []
    for t in range(12):
        for n, (x, y) in enumerate(boxes + 5 * t):
            size = "40.0,80.0"
            number = (1, 1, 7, 3)[n]
            gt15.append(f"{t + 1},{n + 1},{x:.2f},{y:.2f},{size},1,-1,-1,-1")
            gt17.append(f"{t + 1},{n + 1},{x:.2f},{y:.2f},{size},{int(n < 2)},{number},0.9")
            mot.append(f"{t + 1},{n + 1},{x + 2:.2f},{y - 2:.2f},{size},0.8,-1,-1,-1")
            name = ("Car", "Pedestrian", "Van", "Car")[n]
            corners = f"{x:.2f} {y:.2f} {x + 40:.2f} {y + 80:.2f}"
            label.append(f"{t} {n} {name} {n % 2} {n} -1.5 {corners} 1 2 3 4 5 6 7")
            kitti.append(f"{t} {n} {name} -1 -1 -10 {corners} -1 -1 -1 -1 -1 -1 -1 0.9")
        label.append(f"{t} -1 DontCare -1 -1 -10 500 50 600 90 -1 -1 -1 -1 -1 -1 -1")
    texts = ["\n".join(rows) + "\n" for rows in (gt15, gt17, mot, label, kitti)]
    return [
        Source("mot", texts[0], texts[2]),
        Source("mot", texts[1], texts[2]),
        Source("kitti", texts[3], texts[4]),
    ]


def real_sources(data: Path) -> list[Source]:
    """The first frames of real sequences, from a folder laid out as in datasets/README.md."""
    found = []
    for truth in sorted(data.glob("mot15/TUD-*/gt.txt")):
        found.append(Source("mot", _head(truth), _head(truth.with_name("test.txt"))))
    for path in sorted(data.glob("mot17/*/gt/gt.txt")):
        truth_rows = _head(path)
        rows = [",".join(line.split(",")[:6]) for line in truth_rows.splitlines()]
        found.append(Source("mot", truth_rows, "".join(f"{row},0.9,-1,-1,-1\n" for row in rows)))
    for tracker in sorted(data.glob("kitti/results/*")):
        for name in ("0000", "0011", "0014"):
            truth = data / "kitti/label_02" / f"{name}.txt"
            found.append(Source("kitti", _head(truth), _head(tracker / truth.name)))
    return found


def _head(path: Path) -> str:
    lines = path.read_text().splitlines()
    return "".join(f"{line}\n" for line in lines if _frame(line) <= LAST_FRAME)


def _frame(line: str) -> int:
    return int(line.replace(",", " ").split()[0])


def damage(text: str, generator: np.random.Generator) -> bytes:
    """One to three random damages."""
    raw = text
    for _ in range(int(generator.integers(1, 4))):
        raw = DAMAGES[int(generator.integers(len(DAMAGES)))](raw, generator)
    encoded = raw.encode("utf-8", "surrogatepass")
    if generator.random() < 0.05:
        position = int(generator.integers(len(encoded) + 1))
        encoded = encoded[:position] + generator.bytes(3) + encoded[position:]
    return encoded


def _field(text: str, generator: np.random.Generator) -> str:
    """Another value in one field, of one line or of all."""
    lines = text.split("\n")
    mark = "," if "," in text else " "
    strange = STRANGE[int(generator.integers(len(STRANGE)))]
    column = int(generator.integers(18))
    everywhere = generator.random() < 0.2
    chosen = int(generator.integers(len(lines)))
    for n, line in enumerate(lines):
        fields = line.split(mark)
        if (everywhere or n == chosen) and column < len(fields):
            fields[column] = strange
            lines[n] = mark.join(fields)
    return "\n".join(lines)


def _value(text: str, generator: np.random.Generator) -> str:
    """Some numbers scaled or moved: usually still a valid file."""
    mark = "," if "," in text else " "
    column = int(generator.integers(2, 11))
    lines = text.split("\n")
    for n in np.flatnonzero(generator.random(len(lines)) < 0.1):
        fields = lines[n].split(mark)
        if column < len(fields) and fields[column].replace(".", "").lstrip("-").isdecimal():
            number = float(fields[column]) * float(generator.choice([1, 0.5, -1, 3]))
            fields[column] = f"{number + generator.normal() * 9:.2f}"
            lines[n] = mark.join(fields)
    return "\n".join(lines)


def _some_lines(text: str, generator: np.random.Generator) -> str:
    """A random part of the lines, in another order."""
    lines = text.splitlines()
    kept = generator.permutation(len(lines))[: int(generator.integers(len(lines) + 1))]
    return "".join(f"{lines[n]}\n" for n in kept)


def _lines(text: str, generator: np.random.Generator) -> str:
    """Lines twice, gone, swapped, or cut."""
    lines = text.split("\n")
    n = int(generator.integers(len(lines)))
    match int(generator.integers(5)):
        case 0:
            lines.insert(n, lines[n])
        case 1:
            del lines[n : n + int(generator.integers(1, 30))]
        case 2:
            lines[0], lines[n] = lines[n], lines[0]
        case 3:
            lines[n] = lines[n][: len(lines[n]) // 2]
        case _:
            lines.insert(n, lines[n] + lines[0])
    return "\n".join(lines)


def _shift(text: str, generator: np.random.Generator) -> str:
    """All frames, or all identities, moved."""
    mark = "," if "," in text else " "
    step = int(generator.choice([-2, -1, 1, 5, 100_000]))
    column = int(generator.integers(2))
    found = []
    for line in text.split("\n"):
        fields = line.split(mark)
        if len(fields) > 2 and fields[column].lstrip("-").isdecimal():
            fields[column] = str(int(fields[column][:18]) + step)
        found.append(mark.join(fields))
    return "\n".join(found)


def _separators(text: str, generator: np.random.Generator) -> str:
    pairs = ((",", " "), (" ", ","), ("\n", "\r\n"), (",", ";"), (",", ", "), ("\n", "\n\n"))
    old, new = pairs[int(generator.integers(len(pairs)))]
    return text.replace(old, new)


def _whole(text: str, generator: np.random.Generator) -> str:
    """Cut off, empty, with a header, or with a byte order mark."""
    match int(generator.integers(5)):
        case 0:
            return text[: int(generator.integers(len(text) + 1))]
        case 1:
            return ""
        case 2:
            return "frame,id,x,y,w,h\n" + text
        case 3:
            return "\ufeff" + text
        case _:
            return text + "{}\n"


def _character(text: str, generator: np.random.Generator) -> str:
    n = int(generator.integers(len(text) + 1))
    return text[:n] + "0123456789.,- \nexC"[int(generator.integers(18))] + text[n + 1 :]


Damage = Callable[[str, np.random.Generator], str]
DAMAGES: tuple[Damage, ...] = (
    *(_value, _value, _some_lines, _field, _field),
    *(_lines, _shift, _separators, _whole, _character),
)


def fuzz(files: int, seed: int, sources: list[Source], *, progress: bool = False) -> Outcome:
    """Damage and score `files` files; truth and results take turns."""
    counts: Counter[str] = Counter()
    findings: list[str] = []
    slowest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        for n, (source, truth, results) in enumerate(_cases(files, seed, sources)):
            paths = Path(folder) / "truth.txt", Path(folder) / "results.txt"
            paths[0].write_bytes(truth)
            paths[1].write_bytes(results)
            start = time.perf_counter()
            outcome = _outcome(source.kind, *paths)
            seconds = time.perf_counter() - start
            slowest = max(slowest, seconds)
            counts[outcome.split("\n")[0]] += 1
            if outcome not in ("scored", "refused") or seconds > SLOW_SECONDS:
                findings.append(f"file {n} (seed {seed}), {seconds:.1f} s: {outcome}")
            if progress and n % 1000 == 999:
                print(f"{n + 1} files: {dict(counts)}, slowest {slowest:.2f} s", flush=True)
    return Outcome(counts["scored"], counts["refused"], findings, slowest)


def _cases(files: int, seed: int, sources: list[Source]) -> Iterator[tuple[Source, bytes, bytes]]:
    """The n-th case depends on seed and n alone."""
    for n in range(files):
        generator = np.random.default_rng([seed, n])
        source = sources[int(generator.integers(len(sources)))]
        damaged = damage(source.truth if n % 2 else source.results, generator)
        whole = (source.results if n % 2 else source.truth).encode()
        yield (source, damaged, whole) if n % 2 else (source, whole, damaged)


def _outcome(kind: str, truth: Path, results: Path) -> str:
    """`scored`, `refused`, or what went wrong."""
    try:
        files = load_mot(truth, results) if kind == "mot" else load_kitti(truth, results)
        if files.errors:
            unclear = [p for p in files.errors if not p.what or not p.fix or "\n" in str(p)]
            return f"unclear: {unclear[0]!r}" if unclear else "refused"
        scored = score(files, with_events=True)
        event_columns(scored.events, files.first_frame)
    except MohartError as error:
        return "refused" if str(error) else "refused without a reason"
    except Exception:
        return f"crashed\n{traceback.format_exc()}"
    return "scored"


def main() -> int:
    """Fuzz and report; exit code 1 where there is a finding."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--files", type=int, default=10_000, metavar="N")
    parser.add_argument("--seed", type=int, default=0, metavar="S")
    parser.add_argument("--data", type=Path, metavar="DIR", help="real files as well")
    args = parser.parse_args()
    sources = generated_sources() + (real_sources(args.data) if args.data else [])
    start = time.perf_counter()
    outcome = fuzz(args.files, args.seed, sources, progress=True)
    for finding in outcome.findings:
        print(finding)
    print(
        f"{args.files} files from {len(sources)} sources, seed {args.seed}: "
        f"{outcome.scored} scored, {outcome.refused} refused, {len(outcome.findings)} findings, "
        f"slowest {outcome.slowest:.2f} s, {time.perf_counter() - start:.0f} s in all"
    )
    return 1 if outcome.findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
