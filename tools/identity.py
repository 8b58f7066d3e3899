"""The identity embedding: draw looks, train heads on them, compare, ship one, show what it knows.

    python tools/identity.py draw --work looks --material ../shared/material \
        --rival ../shared/data/models/osnet_x0_25_msmt17.onnx
    python tools/identity.py train --work looks --ways linear,routing,infonce,triplet,both
    python tools/identity.py score --work looks --markdown identity.md
    python tools/identity.py picture --work looks --way routing -o identity.png
    python tools/identity.py ship --work looks --way both [--model fast]

`draw` keeps what it has drawn and goes on; --scenes is a number for every part and kind. `score`
needs test looks, which nothing was chosen by; the threshold of returns is chosen on one half of the
scenes and used on the other. Looks are those of one network: other weights (--model fast) want a
--work of their own.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from identities.fit import WAYS, Way, embed, fit
from identities.looks import SEEDS, Looks, draw, generators, read
from identities.picture import swaps
from identities.rival import Rival
from identities.score import (
    Vectors,
    best_threshold,
    f_one,
    interval,
    rank_one,
    returns,
    share,
    trials,
)
from numpy.typing import NDArray

from mohart.assembly.identity import save_identity
from mohart.assembly.weights import load_model
from mohart.cli.terminal.progress import show_progress
from mohart.errors import ConfigError, MohartError
from mohart.model.routing import Routing
from mohart.nn.identity import IdentityHead, describe_cells
from mohart.tracking.learned.gallery import LEARNED, TEMPLATE
from mohart.tracking.learned.torch_engine import TorchEngine
from mohart.weights.names import CHOICE, weights_file

KINDS = ("people", "vehicles", "look-alikes")
SCENES = "train:mixed:220,train:collage:60,test:people:40,test:vehicles:40,test:look-alikes:40"


def main(argv: list[str] | None = None) -> int:
    """Do one of the five."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["draw", "train", "score", "picture", "ship"])
    parser.add_argument("--work", type=Path, default=Path("out/identity"), metavar="DIR")
    parser.add_argument("--model", metavar="NAME|FILE", help=f"of draw and ship: {CHOICE}")
    parser.add_argument("--material", type=Path, metavar="DIR", help="of collages")
    parser.add_argument("--rival", type=Path, metavar="ONNX", help="a re-identification network")
    parser.add_argument("--scenes", default=SCENES, metavar="PART:KIND:N,...")
    parser.add_argument("--ways", default=",".join(WAYS), metavar="NAME,...")
    parser.add_argument("--way", choices=WAYS, default="both", help="of picture and ship")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    parser.add_argument("-o", "--output", type=Path, default=Path("identity.png"))
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    try:
        match args.what:
            case "draw":
                _draw(args)
            case "train":
                _train(args)
            case "score":
                _score(args)
            case "picture":
                swaps(
                    _trained(args.work, args.way), read(args.work, "test", ["people"]), args.output
                )
            case _:
                _ship(args)
    except MohartError as error:
        parser.exit(2, f"error: {error}\n")
    return 0


def _scenes_of(word: str) -> tuple[str, str, str]:
    part, kind, count = (*word.split(":"), "", "", "")[:3]
    known = part in SEEDS and (kind == "collage" or kind in generators(part))
    if not known or not count.isdecimal() or word.count(":") != 2:
        raise ConfigError(f"--scenes {word}: expected PART:KIND:N as in {SCENES}")
    return part, kind, count


def _draw(args: argparse.Namespace) -> None:
    engine = TorchEngine(load_model(args.model).model, torch.device("cpu"))
    if args.rival is not None and not args.rival.is_file():
        raise ConfigError(f"--rival {args.rival}: no such file")
    rival = None if args.rival is None else Rival(args.rival)
    for part, kind, count in (_scenes_of(word) for word in args.scenes.split(",")):
        asked = rival if part == "test" else None
        with show_progress(f"{part} {kind}", "scenes") as progress:
            for done in draw(part, kind, int(count), engine, args.work, args.material, asked):
                progress(min(done, int(count)), int(count))


def _train(args: argparse.Namespace) -> None:
    looks = read(args.work, "train", ["mixed", "collage"])
    print(f"{len(looks)} looks of {len(np.unique(looks.scene))} scenes")
    known = args.work / "linear.pt"
    for way in args.ways.split(","):
        start = _trained(args.work, "linear").head if known.is_file() and way != "linear" else None
        with show_progress(way, "steps") as progress:
            module = fit(
                looks,
                way,
                steps=args.steps,
                seed=args.seed,
                start=start,
                progress=lambda step, _, shown=progress: shown(step, args.steps),  # type: ignore[misc]
            )
        torch.save(module.state_dict(), args.work / f"{way}.pt")


def _trained(work: Path, way: Way) -> Routing:
    state = torch.load(work / f"{way}.pt", weights_only=True)
    width, cells = state["head.cells.weight"].shape
    channels, colours = state["to_cells.bias"].shape[0], state["head.tone.weight"].shape[1]
    template = round((cells / channels) ** 0.5)
    module = Routing(IdentityHead(channels, template, colours, width))
    module.load_state_dict(state)
    return module.eval()


def compared(work: Path, looks: Looks) -> Iterator[tuple[str, Vectors]]:
    """Everything that is compared: a name, and vectors [L, F] whose products are similarities."""
    colours = looks.colours.astype(np.float32)
    cells = describe_cells(torch.from_numpy(looks.cells).float()).numpy()
    usual = np.concatenate([colours * (1 - TEMPLATE) ** 0.5, cells * TEMPLATE**0.5], 1)
    yield "colours", colours
    yield "colours + templates", usual
    for way in WAYS:
        if (work / f"{way}.pt").is_file():
            learned = embed(_trained(work, way).head, looks)
            yield way, learned
            mixed = [usual * (1 - LEARNED) ** 0.5, learned * LEARNED**0.5]
            yield f"{way}, as the tracker compares", np.concatenate(mixed, 1)
    if looks.rival.shape[1]:
        yield "OSNet", looks.rival.astype(np.float32)


def measured(looks: Looks, vectors: Vectors) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Counts of first answers [scenes, 2], and of returns [scenes, 3]."""
    first = rank_one(trials(looks, vectors, strangers=False))
    found = trials(looks, vectors, strangers=True)
    halves = found[::2], found[1::2]
    counts = np.zeros((len(found), 3))
    for mine, other, rows in ((*halves, slice(0, None, 2)), (*halves[::-1], slice(1, None, 2))):
        counts[rows] = returns(mine, best_threshold(other))
    return first, counts


def _score(args: argparse.Namespace) -> None:
    """Rank-1 and returns, with intervals."""
    lines = [
        "| kind | compared by | rank-1 | F1 of returns | F1 against colours + templates |",
        "|---|---|---|---|---|",
    ]
    for kind in KINDS:
        looks = read(args.work, "test", [kind])
        found = {name: measured(looks, vectors) for name, vectors in compared(args.work, looks)}
        usual = found["colours + templates"][1]
        for name, (first, counts) in found.items():
            cells = [kind, name]
            for rows, of in ((first, share), (counts, f_one)):
                low, high = interval(rows, None, of)
                cells.append(f"{of(rows):.3f} ({low:.3f} to {high:.3f})")
            low, high = interval(counts, usual, f_one)
            gain = f_one(counts) - f_one(usual)
            cells.append(f"{gain:+.3f} ({low:+.3f} to {high:+.3f})")
            lines.append(f"| {' | '.join(cells)} |")
            print(lines[-1], flush=True)
    if args.markdown:
        args.markdown.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _ship(args: argparse.Namespace) -> None:
    looks = read(args.work, "train", ["mixed", "collage"])
    about = {
        "way": args.way,
        "steps": args.steps,
        "seed": args.seed,
        "looks": len(looks),
        "scenes": len(np.unique(looks.scene)),
    }
    head = _trained(args.work, args.way).head
    print(save_identity(weights_file(args.model), load_model(args.model).model, head, about))


if __name__ == "__main__":
    raise SystemExit(main())
