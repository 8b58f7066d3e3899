"""`mohart synth`: write generated sequences, or those of a toy world, in MOT layout."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli.terminal.progress import show_progress
from mohart.cli.terminal.say import counted, say
from mohart.errors import ConfigError
from mohart.formats.text import whole_number

if TYPE_CHECKING:
    from mohart.data.sequence import Sequence
    from mohart.synth.worlds.world import World

LARGEST_SIDE = 16_384  # pixels
MOST_OBJECTS = 250
LONGEST = 1_000_000  # frames, or sequences
WORLDS = "free, collide, forces, camera, bend, crowd, recorded"


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "synth",
        help="generate labelled video",
        description="Write generated sequences in MOTChallenge layout: img1/ or a video, "
        "gt/gt.txt with visibility, seqinfo.ini. The same seed gives the same bytes.",
    )
    parser.add_argument(
        "output", nargs="?", type=Path, metavar="OUT", help="folder for the sequences"
    )
    parser.add_argument("--sequences", type=int, default=4, metavar="N", help="how many (4)")
    parser.add_argument("--frames", type=int, default=60, metavar="T", help="frames of each (60)")
    parser.add_argument(
        "--objects", metavar="A:B", help="fewest:most objects (2:8; a world's own number)"
    )
    parser.add_argument("--size", metavar="WxH", help="of the frames (640x480; 96x96 for a world)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="(0)")
    parser.add_argument("--first", type=int, default=0, metavar="K", help="number of the first (0)")
    parser.add_argument("--video", action="store_true", help="write img1.mp4 instead of pictures")
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="replace sequences of the same name that synth wrote",
    )
    parser.add_argument(
        "--photographs",
        type=Path,
        metavar="DIR",
        help="folder of pictures to cut places and surfaces out of",
    )
    parser.add_argument("--world", metavar="NAME", help=f"a toy world: {WORLDS}")
    parser.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="A=B",
        help="a setting of the world, e.g. --set speed=0.05",
    )
    parser.add_argument(
        "--bounds",
        type=int,
        metavar="K",
        help="write nothing; print what the best predictors of the world reach over the last K "
        "frames of each sequence",
    )
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Generate and print the folders, or print the bounds."""
    if args.sequences < 1 or args.frames < 1 or args.first < 0 or args.seed < 0:
        raise ConfigError(
            "synth: expected --sequences and --frames of at least 1, --seed and --first of at "
            "least 0"
        )
    if max(args.sequences, args.frames, args.first) > LONGEST:
        raise ConfigError(f"synth: expected --sequences, --frames and --first of at most {LONGEST}")
    if args.world is None and (args.changes or args.bounds is not None):
        raise ConfigError(f"synth: --set and --bounds need --world NAME, one of {WORLDS}")
    if args.world is not None and args.photographs is not None:
        raise ConfigError("synth: a world is drawn without --photographs; leave out one of the two")
    if args.bounds is not None:
        return _print_bounds(args)
    if args.output is None:
        raise ConfigError("synth: name a folder for the sequences, e.g. mohart synth out")
    _write(args, _video(args) if args.world is None else _world_video(args))
    return 0


def _write(args: Namespace, sequence: Callable[[int], Sequence]) -> None:
    from mohart.data.write import GENERATED, write_mot_sequence
    from mohart.folders import check_folder

    numbers = range(args.first, args.first + args.sequences)
    folders = {k: args.output / f"{args.world or 'synth'}-{k:04d}" for k in numbers}
    for folder in folders.values():  # before hours of drawing
        check_folder(folder, GENERATED, overwrite=args.overwrite)
    with show_progress("generating", "sequences") as progress:
        for k, folder in folders.items():
            write_mot_sequence(folder, sequence(k), video=args.video, overwrite=args.overwrite)
            progress(k - args.first + 1, args.sequences)
            say(folder)


def _video(args: Namespace) -> Callable[[int], Sequence]:
    from mohart.synth.scenes.generator import Generator

    width, height = _pair(args.size or "640x480", "x", "--size", LARGEST_SIDE)
    objects = _pair(args.objects or "2:8", ":", "--objects", MOST_OBJECTS)
    generator = Generator(
        seed=args.seed,
        width=width,
        height=height,
        objects=objects,
        photographs=None if args.photographs is None else str(args.photographs),
    )
    return lambda number: generator.sequence(number, args.frames)


def _world_video(args: Namespace) -> Callable[[int], Sequence]:
    from mohart.synth.worlds.clips import world_sequence

    world = _world(args)
    return lambda number: world_sequence(
        world, args.seed, number, args.frames, f"{args.world}-{number:04d}"
    )


def _world(args: Namespace) -> World:
    from mohart.assembly.data import build_world
    from mohart.config.loader import config_from, override

    changes = list(args.changes)
    if args.objects:
        changes.append(
            "objects={}".format(list(_pair(args.objects, ":", "--objects", MOST_OBJECTS)))
        )
    if args.size:
        width, height = _pair(args.size, "x", "--size", LARGEST_SIDE)
        changes += [f"width={width}", f"height={height}"]
    settings = override({"kind": args.world}, changes)
    config = config_from({"data": {"world": settings}}).data.world
    if config is None:
        raise ConfigError(f"--world {args.world}: expected one of {WORLDS}")
    return build_world(config, "training")


def _print_bounds(args: Namespace) -> int:
    from mohart.synth.worlds.predictors import bounds

    with show_progress("predicting", "sequences") as progress:
        rows = bounds(
            _world(args),
            seed=args.seed,
            sequences=args.sequences,
            frames=args.frames,
            horizon=args.bounds,
            progress=progress,
        )
    drawn = counted(args.sequences, "sequence")
    say(f"{args.world}, horizon {args.bounds}, {drawn} of {args.frames}")
    names = [name for name in vars(rows[0]) if name != "predictor"]
    say(f"{'predictor':14}" + "".join(f"{name:>12}" for name in names))
    for row in rows:
        numbers = "".join(f"{getattr(row, name):12.3f}" for name in names)
        say(f"{row.predictor:14}" + numbers)
    return 0


def _pair(text: str, mark: str, option: str, most: int) -> tuple[int, int]:
    low, sign, high = text.lower().partition(mark)
    first, second = whole_number(low), whole_number(high)
    if not sign or first is None or second is None:
        raise ConfigError(f"{option} {text}: expected two whole numbers, e.g. 4{mark}8")
    if max(first, second) > most:
        raise ConfigError(f"{option} {text}: expected at most {most}")
    return first, second
