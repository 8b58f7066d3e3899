"""`mohart report TRACKS --source VIDEO`: a page that explains a tracking result."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli.terminal.progress import show_progress
from mohart.cli.terminal.say import counted, say
from mohart.errors import ConfigError, FormatError, OutputError

if TYPE_CHECKING:
    from mohart.report.build import Judged
    from mohart.report.content import Shown
    from mohart.report.page import Page
    from mohart.report.results import Result
    from mohart.video import FrameSource

EPILOG = """\
examples:
  mohart report out/clip --source clip.mp4 -o report.html
  mohart report out/clip --source clip.mp4 --explain -o report.html
  mohart report tracks.txt --source MOT17-02/ --gt MOT17-02/gt/gt.txt -o report.html

The page has a timeline with a lane for every identity, the frames with their boxes and paths, and
counts over time. With --gt: the scores that mohart eval prints, IoU over time, and every false
positive, miss and identity switch with the frames around it. With --explain, for results of mohart
track: where the network looked, what it saw there, and which object listened to which.

It is one file that needs nothing else, no network either; --link keeps the pictures beside it, more
and larger ones.
"""


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "report",
        help="explain a tracking result on one page",
        description="Write one HTML page that explains a tracking result.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "tracks",
        type=Path,
        metavar="TRACKS",
        help="output folder of mohart track, or a results file: MOT or KITTI text, CSV, JSON "
        "lines, Parquet, COCO, CVAT, UA-DETRAC",
    )
    parser.add_argument(
        "--source",
        required=True,
        metavar="VIDEO",
        help="video file, folder of images or MOT sequence folder",
    )
    parser.add_argument(
        "--gt", type=Path, metavar="PATH", help="ground truth: scores, and every error"
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="track once more and show what the network looked at in chosen moments",
    )
    parser.add_argument(
        "--device", default="auto", metavar="NAME", help="for --explain: auto, cpu, cuda, ..."
    )
    parser.add_argument(
        "--link", action="store_true", help="keep the pictures in a folder beside the page"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="FILE", help="the page, report.html"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Read, score, draw, and print where the page is."""
    _check(args)
    from mohart.files import write_text
    from mohart.report.build import check_reach, linked_shelf, open_link, show_result
    from mohart.report.page import render_page
    from mohart.report.pictures import Shelf
    from mohart.report.results import read_result
    from mohart.video import open_source

    with ExitStack() as stack:
        source = stack.enter_context(open_source(args.source))
        result = read_result(args.tracks, source.name)
        check_reach(result, source)
        if args.explain:
            from mohart.cli.options.replay import check_replay

            check_replay(result)
        judged = _judge(args, result, source)
        shelf = Shelf()
        if args.link:
            folder = stack.enter_context(open_link(args.output, overwrite=args.overwrite))
            shelf = linked_shelf(args.output, folder.part)
        with show_progress(f"reading {source.name}") as progress:
            shown = show_result(
                result, source, shelf, judged=judged, truth_path=args.gt, progress=progress
            )
        notes = [f"{source.problem}; what is there is shown"] if source.problem else []
        if args.explain:
            from mohart.cli.options.replay import explain_run

            shown, more = explain_run(result, args.source, shown, shelf, device=args.device)
            notes += more
        page = _page(args, result, shown, judged, notes)
        text = render_page(page, [shown])
        if args.link:
            folder.complete()
        write_text(args.output, text)
    say(_summary(args, shown, len(text)))
    return 0


def _check(args: Namespace) -> None:
    """Before minutes of reading."""
    from mohart.files import check_file

    if args.output.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"-o {args.output}: expected a file ending in .html")
    check_file(args.output, overwrite=args.overwrite)
    if not args.output.absolute().parent.is_dir():
        raise OutputError(f"{args.output}: its folder does not exist")
    if args.source.isdigit() and not Path(args.source).exists():
        raise ConfigError(f"--source {args.source}: a report needs a recorded video, not a camera")
    if args.link:
        from mohart.report.build import check_link

        check_link(args.output, overwrite=args.overwrite)


def _judge(args: Namespace, result: Result, source: FrameSource) -> Judged | None:
    """Scores and errors, with everything that is wrong with the files on stderr."""
    if args.gt is None:
        return None
    from mohart.cli.evaluate.scores import show_problems
    from mohart.evaluation.files.scoring import score
    from mohart.report.build import judge
    from mohart.report.truth import check_size, load_truth

    files = load_truth(args.gt, result.scored, name=source.name)
    show_problems(files)
    if len(files.sequences) != 1:
        names = ", ".join(sequence.name for sequence in files.sequences[:5])
        raise FormatError(f"{args.gt}: truth of several sequences ({names}); give that of one")
    sequence = files.sequences[0]
    check_size(sequence.truth, args.gt, sequence.name, source.width, source.height)
    with show_progress("scoring", "sequences") as progress:
        scored = score(files, with_events=True, progress=progress)
    return judge(files, scored, sequence.name)


def _page(
    args: Namespace, result: Result, shown: Shown, judged: Judged | None, notes: list[str]
) -> Page:
    import numpy as np

    from mohart.report.page import Page
    from mohart.versions import __version__

    run = result.run
    tracker = run.get("tracker")
    ids = len(np.unique(shown.tracks.track_id))
    facts = [
        f"{counted(shown.length, 'frame')}, {shown.width}×{shown.height} pixels, "
        f"{shown.frame_rate:g} per second",
        f"{counted(ids, 'identity')}, {counted(len(shown.tracks), 'box')}",
        *([f"tracker {tracker}"] if tracker else []),
        f"result {result.path}",
        *([f"ground truth {args.gt}"] if args.gt else []),
    ]
    said = run.get("warnings")
    notes = [*notes, *(map(str, said) if isinstance(said, list) else ())]
    if judged:
        notes += list(judged.scored.scores.notes)
    made = f"mohart {__version__}"
    model = run.get("model")
    if isinstance(model, dict) and model.get("sha256"):
        made += f"; tracked with weights {model.get('weights')}, SHA-256 {model['sha256']}"
    return Page(
        title=shown.name,
        facts=facts,
        notes=notes,
        scores=judged.scored.scores if judged else None,
        footer=f"Written by {made}. Frames are counted from 1.",
    )


def _summary(args: Namespace, shown: Shown, letters: int) -> str:
    import numpy as np

    ids = len(np.unique(shown.tracks.track_id))
    errors = ""
    if shown.errors is not None:
        count, rows = sum(row.count for row in shown.errors), len(shown.errors)
        errors = f", {counted(count, 'error')} in {counted(rows, 'row')}"
    lines = [
        f"{counted(ids, 'identity')} over {counted(shown.length, 'frame')} of {shown.name}{errors}"
    ]
    lines.append(f"report    {args.output} ({letters / 1e6:.1f} MB)")
    if args.link:
        from mohart.report.build import linked_folder

        lines.append(f"pictures  {linked_folder(args.output)}")
    return "\n".join(lines)
