"""`mohart synth`: write generated sequences in MOT layout."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from mohart.cli.progress import show_progress
from mohart.errors import ConfigError


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "synth",
        help="generate labelled video",
        description="Write generated sequences in MOTChallenge layout: img1/ or a video, "
        "gt/gt.txt with visibility, seqinfo.ini. The same seed gives the same bytes.",
    )
    parser.add_argument("output", type=Path, metavar="OUT", help="folder for the sequences")
    parser.add_argument("--sequences", type=int, default=4, metavar="N", help="how many (4)")
    parser.add_argument("--frames", type=int, default=60, metavar="T", help="frames of each (60)")
    parser.add_argument("--objects", default="2:8", metavar="A:B", help="fewest:most objects (2:8)")
    parser.add_argument("--size", default="640x480", metavar="WxH", help="of the frames (640x480)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="(0)")
    parser.add_argument("--first", type=int, default=0, metavar="K", help="number of the first (0)")
    parser.add_argument("--video", action="store_true", help="write img1.mp4 instead of pictures")
    parser.add_argument(
        "--overwrite", action="store_true", help="replace sequences of the same name"
    )
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Generate and print the folders."""
    import shutil

    from mohart.data.synthetic.generator import Generator
    from mohart.data.write import write_mot_sequence

    width, height = _pair(args.size, "x", "--size")
    objects = _pair(args.objects, ":", "--objects")
    if args.sequences < 1 or args.frames < 1 or args.first < 0 or args.seed < 0:
        raise ConfigError(
            "synth: expected --sequences and --frames of at least 1, --seed and --first of at "
            "least 0"
        )
    generator = Generator(seed=args.seed, width=width, height=height, objects=objects)
    with show_progress("generating", "sequences") as progress:
        for k in range(args.sequences):
            sequence = generator.sequence(args.first + k, args.frames)
            folder = args.output / sequence.name
            if args.overwrite and folder.exists():
                shutil.rmtree(folder)
            write_mot_sequence(folder, sequence, video=args.video)
            progress(k + 1, args.sequences)
            print(folder)
    return 0


def _pair(text: str, mark: str, option: str) -> tuple[int, int]:
    low, sign, high = text.lower().partition(mark)
    if not (sign and low.isdigit() and high.isdigit()):
        raise ConfigError(f"{option} {text}: expected two whole numbers, e.g. 4{mark}8")
    return int(low), int(high)
