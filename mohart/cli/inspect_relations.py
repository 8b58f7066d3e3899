"""`mohart inspect`: who acts on whom in a video, frame by frame."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli.options.source import check_source
from mohart.cli.options.trackers import add_model_option
from mohart.cli.terminal.progress import show_progress
from mohart.cli.terminal.say import counted, say
from mohart.errors import ConfigError
from mohart.files import check_file, write_bytes

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mohart.probes.relations import RelationStep
    from mohart.video import FrameSource

NUMBERS, VIDEO, PAGE = "relations.npz", "relations.mp4", "index.html"
SHOWN = 3  # frames on the page

EPILOG = """\
examples:
  mohart inspect clip.mp4 --box 120,80,40,90 --box 300,85,38,88
  mohart inspect clip.mp4 --init boxes.txt --model runs/forces/best.safetensors -o out/
  mohart inspect clip.mp4 --init boxes.txt --page --with probes/ --with ablation/ -o out/

DIR gets
  relations.npz  frames [T] (counted from 1, the first is the one after the boxes), ids [N],
                 boxes [T,N,4] (x1,y1,x2,y2 pixels), visibility [T,N],
                 influence [T,N,N]: how far the box of i moves, in sizes, when j is hidden from the
                 relational module in this step; attention [T,heads,N,N]: whom i looks at (not for
                 none, mlp and deepsets)
  relations.mp4  arrows from i to j, thick where i takes much from j
  index.html     with --page: some frames and means, and the tables and pictures of every --with,
                 a folder of mohart probe, mohart ablate or tools/equivae.py
"""


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "inspect",
        help="show who acts on whom: attention weights and influence",
        description="Follow objects and record what the relational module does between them.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "source", help="video file, folder of images, MOT sequence folder or camera index"
    )
    boxes = parser.add_mutually_exclusive_group(required=True)
    boxes.add_argument(
        "--init",
        type=Path,
        metavar="FILE",
        help="boxes: MOT text, CSV of x,y,w,h, or JSON; see mohart track",
    )
    boxes.add_argument(
        "--box",
        action="append",
        metavar="X,Y,W,H",
        help="one box: left, top, width, height in pixels; give it again for more objects",
    )
    parser.add_argument(
        "--init-frame",
        type=int,
        default=1,
        metavar="N",
        help="frame in which the boxes were drawn, counted from 1 (default 1)",
    )
    parser.add_argument(
        "--frames",
        type=int,
        metavar="N",
        help="look at so many frames, that of the boxes among them (default: to the end)",
    )
    add_model_option(parser)
    parser.add_argument(
        "--relation",
        metavar="KIND",
        help="relational module to use with the model, such as self_only",
    )
    parser.add_argument(
        "--show",
        choices=("attention", "influence"),
        help="what the arrows are (default: attention where there is any)",
    )
    parser.add_argument("--device", default="auto", metavar="NAME", help="auto, cpu, cuda, ...")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="default: out/NAME-relations"
    )
    parser.add_argument("--no-video", action="store_true", help="write no relations.mp4")
    parser.add_argument("--page", action="store_true", help="write index.html with all of it")
    parser.add_argument(
        "--with",
        dest="beside",
        action="append",
        type=Path,
        default=[],
        metavar="DIR",
        help="findings to show on the page, too (with --page)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace earlier results")
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Follow, record, and print where the results are."""
    _check(args)
    check_source(args.source)
    from mohart.assembly.device import choose_device
    from mohart.assembly.weights import load_model
    from mohart.formats.init_boxes import check_boxes_in_frame
    from mohart.video import open_source

    with open_source(args.source) as source:
        args.output = args.output or Path("out") / f"{source.name}-relations"
        for name in (NUMBERS, VIDEO, *([PAGE] if args.page else [])):
            check_file(args.output / name, overwrite=args.overwrite)
        ids, boxes = _boxes(args)
        origin = str(args.init or "--box")
        check_boxes_in_frame(ids, boxes, source.width, source.height, origin)
        loaded = load_model(args.model, relation=args.relation)
        kind = loaded.config.model.relation.kind
        attentive = kind in ("attention", "sab", "self_only")
        if args.show == "attention" and not attentive:
            raise ConfigError(f"--show attention: '{kind}' has no attention; try influence")
        show_attention = attentive and args.show != "influence"
        device = choose_device(args.device)
        from mohart.probes.inspection import findings_section, relation_section
        from mohart.probes.page import to_page
        from mohart.probes.relation_overlay import draw_relations
        from mohart.probes.relations import probe, to_npz
        from mohart.video import VideoWriter

        beside = [findings_section(folder) for folder in args.beside]
        steps: list[RelationStep] = []
        shown: list[NDArray[np.uint8]] = []
        with ExitStack() as files, show_progress(f"inspecting {source.name}") as progress:
            writer = None
            if not args.no_video:
                size = source.width, source.height
                path = args.output / VIDEO
                writer = files.enter_context(VideoWriter(path, *size, source.frame_rate))
            frames = _frames(source, args.init_frame - 1, args.frames)
            for frame, step in probe(loaded.model, device, frames, boxes):
                steps.append(step)
                if writer or args.page:
                    drawn = draw_relations(frame, step, ids, use_attention=show_attention)
                    shown = [*shown[: SHOWN - 1], drawn]  # the first ones and the last
                    if writer:
                        writer.write(drawn)
                progress(len(steps), _total(source, args))
            content = to_npz(steps, ids, args.init_frame + 1)
            write_bytes(args.output / NUMBERS, content)
        if args.page:
            section = relation_section(source.name, steps, ids, shown)
            page = to_page("What does the network know?", [section, *beside])
            write_bytes(args.output / PAGE, page.encode())
    what = "attention and influence" if attentive else "influence"
    say(f"{what} of {counted(len(ids), 'object')} ({kind}) over {counted(len(steps), 'frame')}")
    written = [NUMBERS, *([] if args.no_video else [VIDEO]), *([PAGE] if args.page else [])]
    for name in written:
        say(args.output / name)
    return 0


def _check(args: Namespace) -> None:
    if args.init_frame < 1:
        raise ConfigError(f"--init-frame: frames count from 1, got {args.init_frame}")
    if args.frames is not None and args.frames < 2:
        raise ConfigError(f"--frames: expected at least 2, got {args.frames}")
    if args.beside and not args.page:
        raise ConfigError("--with: is shown on the page; give --page, too")


def _boxes(args: Namespace) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Ids [N] and boxes [N, 4] of the command line."""
    import numpy as np

    from mohart.formats.init_boxes import parse_box, read_init_boxes

    if args.init:
        return read_init_boxes(args.init, frame=args.init_frame - 1)
    boxes = np.stack([parse_box(text) for text in args.box])
    return np.arange(1, len(boxes) + 1), boxes


def _total(source: FrameSource, args: Namespace) -> int | None:
    """How many steps there will be, as far as one can know."""
    if args.frames:
        return int(args.frames) - 1
    return None if source.length is None else source.length - int(args.init_frame)


def _frames(source: FrameSource, first: int, count: int | None) -> Iterator[NDArray[np.uint8]]:
    """So many frames from the zero-based `first` on.

    Raises:
        ConfigError: `first` is past the end.
    """
    if source.skip(first) < first:
        raise ConfigError(
            f"--init-frame {first + 1} is past the end: {source.name} has {source.frames_read} "
            f"frames"
        )
    for n, frame in enumerate(source):
        if count is not None and n >= count:
            return
        yield frame
