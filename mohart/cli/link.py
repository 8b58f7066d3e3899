"""`mohart link TRACKS --source VIDEO`: fragments of one object get one identity, afterwards."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli.options.trackers import THREADS, add_model_option
from mohart.cli.terminal.progress import show_progress
from mohart.cli.terminal.say import counted, say
from mohart.errors import ConfigError, FormatError

if TYPE_CHECKING:
    from mohart.formats.annotation import Annotation
    from mohart.formats.detect import Format
    from mohart.tracking.linking import Fragment, Link, LinkRules
    from mohart.video import FrameSource

EPILOG = """\
examples:
  mohart link out/clip/tracks.txt --source clip.mp4 -o linked.txt
  mohart link results.csv --source clip.mp4 -o linked.csv --same 0.6 --links links.csv

Looks at every track in some frames where it stands alone, and joins tracks that share no frame, are
near enough for the time between them and look alike. The file keeps its rows and its format; ids
that were joined are changed to the earlier one.
"""


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "link",
        help="give fragments of one object one identity, in a finished result",
        description="Join tracks of a finished result that are one object.",
        epilog=EPILOG,
    )
    parser.add_argument("tracks", type=Path, metavar="TRACKS", help="a results file of any format")
    parser.add_argument(
        "--source", required=True, metavar="VIDEO", help="the video, folder of images or sequence"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="the linked results"
    )
    parser.add_argument(
        "--same",
        type=float,
        metavar="S",
        help="smallest similarity of two tracks that are one, -1 to 1 (default 0.75; 0.85 for "
        "weights without an identity head)",
    )
    parser.add_argument(
        "--longest",
        type=int,
        metavar="N",
        help="frames between two tracks that are one, at most (default 300)",
    )
    parser.add_argument(
        "--links",
        type=Path,
        metavar="CSV",
        help="write a table of what was joined, .csv or .parquet",
    )
    add_model_option(parser)
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Look, join, write and print."""
    from mohart.data.annotation_files import find_sources, read_source, render
    from mohart.files import check_file, write_bytes, write_text
    from mohart.formats.event_table import check_table, write_table
    from mohart.tracking.linking import link_fragments
    from mohart.video import open_source

    _rules(args, embedded=False)  # wrong numbers are told at once
    check_file(args.output, overwrite=args.overwrite)
    if args.links:
        check_table(args.links)
        check_file(args.links, overwrite=args.overwrite)
    (origin,) = find_sources(args.tracks, kind="results")
    records = read_source(origin)
    if len(records) > 1:
        raise ConfigError(f"{args.tracks}: {len(records)} videos; expected the results of one")
    record = records[0]
    if not record.has_identity.any():
        raise FormatError(f"{args.tracks}: no rows with an identity, so there is nothing to join")
    with open_source(args.source) as video:
        fragments, embedded = _look(record, video, args.model)
    links = link_fragments(fragments, _rules(args, embedded=embedded))
    fmt = _format(args.output, origin.detected.format)
    rendered = render([_renamed(record, links)], fmt, "results")
    for loss in rendered.lost:
        say(f"lost: {loss}")
    if isinstance(rendered.content, bytes):
        write_bytes(args.output, rendered.content)
    else:
        write_text(args.output, rendered.content)
    if args.links:
        names = ("track_id", "joined", "frames", "similarity")
        write_table(args.links, {n: [getattr(link, n) for link in links] for n in names})
    count, left = len(fragments), len(fragments) - len(links)
    say(f"{args.output}: {counted(count, 'track')}, {len(links)} joined, {left} left")
    return 0


def _format(output: Path, given: Format) -> Format:
    """That of the ending; where several have it, that of what was read."""
    from mohart.formats.detect import ENDINGS, target_format

    same = output.suffix.lower() in ENDINGS[given]
    return given if same else target_format(output, None)


def _rules(args: Namespace, *, embedded: bool) -> LinkRules:
    """When two are one, by the embedding or by colours and templates."""
    from mohart.tracking.linking import LinkRules

    same = (0.75 if embedded else 0.85) if args.same is None else args.same
    lead = 0.05 if embedded else 0.02  # similarities of colours lie close together
    return LinkRules(same=same, lead=lead, longest=300 if args.longest is None else args.longest)


def _look(record: Annotation, video: FrameSource, model: str | None) -> tuple[list[Fragment], bool]:
    """Go through the frames that are needed; and whether there is an embedding."""
    import torch

    from mohart.assembly.device import use_threads
    from mohart.assembly.identity import without_torch
    from mohart.assembly.weights import load_model
    from mohart.tracking.learned.fragments import FragmentLooks
    from mohart.tracking.learned.identify import Identifier
    from mohart.tracking.learned.torch_engine import TorchEngine

    use_threads(THREADS)
    loaded = load_model(model)
    tracks = record.tracks.select(record.has_identity)
    engine = TorchEngine(loaded.model, torch.device("cpu"))
    head = None if loaded.identity is None else without_torch(loaded.identity)
    looks = FragmentLooks(tracks, engine, Identifier(head))
    wanted = looks.frames
    with show_progress("looking", "frames") as progress:
        for done, frame in enumerate(wanted, 1):
            video.skip(frame - video.frames_read)
            picture = video.read()
            if picture is None:
                raise FormatError(
                    f"{video.name}: ends after {video.frames_read} frames, but the results go on "
                    f"to frame {wanted[-1] + 1}; is this the right video?"
                )
            looks.add(frame, picture)
            progress(done, len(wanted))
    return looks.fragments(), head is not None


def _renamed(record: Annotation, links: list[Link]) -> Annotation:
    """The same rows with the identities that are left."""
    from dataclasses import replace

    import numpy as np

    from mohart.tracking.linking import new_identities

    now = new_identities(links)
    tracks = record.tracks
    ids = np.array([now.get(track, track) for track in tracks.track_id.tolist()], np.int64)
    return replace(record, tracks=replace(tracks, track_id=ids))
