"""`mohart eval mot --report FILE.html`: the page of `mohart report`, for all sequences at once."""

from __future__ import annotations

from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli.terminal.progress import show_progress
from mohart.cli.terminal.say import say
from mohart.errors import MohartError

if TYPE_CHECKING:
    from mohart.evaluation.files.input import ScoringInput
    from mohart.evaluation.files.scoring import Scored


def write_page(args: Namespace, files: ScoringInput, scored: Scored) -> None:
    """Write the page; every video is read once.

    Args:
        args: the parsed command line.
        files: what was scored.
        scored: with events.

    Raises:
        MohartError: a video that `--source` names cannot be read or does not fit.
        OutputError: the page cannot be written.
    """
    from mohart.files import write_text
    from mohart.report.build import judge, show
    from mohart.report.page import Page, render_page
    from mohart.report.pictures import Limits, Shelf
    from mohart.report.truth import check_size
    from mohart.structures import Tracks
    from mohart.versions import __version__
    from mohart.video import open_source

    sequences, without = [], []
    count = len(files.sequences)
    shelf = Shelf(limits=Limits.embedded(count))
    for n, sequence in enumerate(files.sequences):
        video = find_video(sequence.name, args.source, args.gt, alone=count == 1)
        judged = judge(files, scored, sequence.name)
        tracks = Tracks.from_columns(
            sequence.results.frame, sequence.results.track_id, sequence.results.boxes
        )
        with ExitStack() as stack:
            source = stack.enter_context(open_source(video)) if video else None
            if source is None:
                without.append(sequence.name)
            else:
                check_size(sequence.truth, args.gt, sequence.name, source.width, source.height)
            progress = stack.enter_context(show_progress(f"reading {sequence.name}"))
            sequences.append(
                show(
                    sequence.name,
                    tracks,
                    source,
                    shelf,
                    judged=judged,
                    progress=progress,
                    prefix=f"{n + 1}-",
                )
            )
    notes = list(scored.scores.notes)
    if without:
        some = ", ".join(without[:5]) + (", ..." if without[5:] else "")
        notes.append(f"no pictures of {some}: there is no video beside the truth, see --source")
    tracker = scored.scores.rows[0].tracker
    dataset = scored.scores.dataset
    page = Page(
        title=f"{tracker} on {dataset.name}",
        facts=[
            f"{count} sequence{'s' if count > 1 else ''}, "
            f"{sum(dataset.sequences.values())} frames, split {dataset.split}",
            f"results {args.results}",
            f"ground truth {args.gt}",
        ],
        notes=notes,
        scores=scored.scores,
        footer=f"Written by mohart {__version__}. Frames are counted from 1.",
    )
    write_text(args.report, render_page(page, sequences))
    say(f"report: {args.report}")


def find_video(name: str, given: Path | None, truth: Path, *, alone: bool) -> Path | None:
    """The video of a sequence; None where there is none.

    Args:
        name: of the sequence.
        given: what the user says: a video or sequence folder, or a folder with one per sequence.
        truth: of all sequences; where pictures lie beside it, they are taken if nothing is given.
        alone: whether there is but one sequence, so that `given` may be its video.

    Raises:
        MissingDataError: the user says a place, and it has no video of this sequence.
    """
    from mohart.errors import MissingDataError

    if given is not None:
        places = [given] if alone else []
        if given.is_dir():
            places = [*sorted(given.glob(f"{_plain(name)}.*")), given / name, *places]
        for place in places:
            if _opens(place):
                return place
        raise MissingDataError(
            f"--source {given}: no video of sequence '{name}'; expected {name}/ with images or a "
            f"video, or {name}.mp4"
        )
    folder = truth if truth.is_dir() else truth.absolute().parent
    beside = folder.parent if folder.name == "gt" else folder
    for place in (folder / name, folder / "train" / name, *([beside] if alone else [])):
        if (place / "img1").is_dir() and _opens(place):
            return place
    return None


def _plain(name: str) -> str:
    """A name as a pattern that matches itself alone."""
    from glob import escape

    return escape(name)


def _opens(place: Path) -> bool:
    from mohart.video import open_source

    if not place.exists():
        return False
    try:
        open_source(place).close()
    except MohartError:
        return False
    return True
