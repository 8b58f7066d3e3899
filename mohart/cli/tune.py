"""`mohart tune FOLDER`: knobs for one's own labelled videos, judged on videos held out."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mohart.cli.options.trackers import THREADS, add_model_option
from mohart.cli.terminal.progress import show_progress
from mohart.cli.terminal.say import say
from mohart.errors import ConfigError, MissingDataError

if TYPE_CHECKING:
    from collections.abc import Sequence as List

    from mohart.assembly.tuning import LabelledVideo
    from mohart.evaluation.tuning.choice import Tuned
    from mohart.evaluation.tuning.settings import Setting

EPILOG = """\
examples:
  mohart tune videos/ -o tuned/                      SEQ/img1, SEQ/gt/gt.txt, SEQ/det/det.txt
  mohart tune videos/ --detector onnx:yolox.onnx --every 5 --knobs recall,birth_score -o tuned/
  mohart track clip.mp4 --detector onnx:yolox.onnx --detect-every 5 --knobs tuned/knobs.yaml

Tries every knob above and below its default, then those together that helped, on all videos. What
is chosen without some of the videos is judged on those (--folds): that, and not the gain on the
videos it was chosen on, is what to expect elsewhere. Where nothing surely helps, the defaults stay.
DIR gets knobs.yaml, report.json and trials.jsonl; called again with the same DIR, the search goes
on where it was cut off. The knobs are explained in docs/guide/knobs.md.
"""


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "tune",
        help="choose the knobs of tracking with detections on labelled videos",
        description="Choose the knobs of tracking with detections on labelled videos.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="labelled videos, in MOT or KITTI layout"
    )
    parser.add_argument(
        "--detector",
        metavar="NAME",
        help="onnx:MODEL.onnx, motion or MODULE:FUNCTION (default: det/det.txt of each sequence)",
    )
    parser.add_argument(
        "--every", type=int, default=1, metavar="K", help="ask in every K-th frame (default 1)"
    )
    parser.add_argument(
        "--knobs", metavar="LIST", help="only these, separated by commas (default: all)"
    )
    parser.add_argument(
        "--measure", default="HOTA", metavar="NAME", help="HOTA (default), IDF1, MOTA, AssA, DetA"
    )
    parser.add_argument(
        "--folds", type=int, metavar="N", help="parts held out in turn (default 5, or one a video)"
    )
    add_model_option(parser)
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="folder of the search"
    )
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Try, choose, write and print."""
    import json

    from mohart.assembly.device import use_threads
    from mohart.assembly.knobs import knob_ranges
    from mohart.assembly.tuning import TrialRunner
    from mohart.evaluation.tuning.choice import tune
    from mohart.evaluation.tuning.settings import Range, single_changes
    from mohart.evaluation.tuning.trials import Trials
    from mohart.files import write_text
    from mohart.folders import lock_folder

    if args.every < 1:
        raise ConfigError(f"--every: expected at least 1, got {args.every}")
    ranges = {name: Range(*numbers) for name, numbers in knob_ranges().items()}
    singles = single_changes(ranges, [] if args.knobs is None else args.knobs.split(","))
    use_threads(THREADS)
    runner = TrialRunner(args.measure, args.model)
    videos = _videos(args)
    folds = args.folds or min(5, len(videos))
    with lock_folder(args.output):
        facts = {
            "videos": {video.sequence.name: video.digest() for video in videos},
            "weights": runner.weights,
            "measure": args.measure,
            "every": args.every,
        }
        trials = Trials(args.output / "trials.jsonl", facts)
        with show_progress("tuning", "trials") as progress:
            measure = _Measure(runner, videos, trials, progress)
            tuned = tune(singles, measure, len(videos), folds)
        names = [video.sequence.name for video in videos]
        report = _report(tuned, names, facts)
        write_text(args.output / "report.json", json.dumps(report, indent=2) + "\n")
        write_text(args.output / "knobs.yaml", _yaml(tuned.setting))
    say(_summary(tuned, names, args))
    return 0


class _Measure:
    """Scores of settings on all videos, each tried once."""

    def __init__(
        self, runner: Any, videos: List[LabelledVideo], trials: Any, progress: Any
    ) -> None:
        self._runner, self._videos, self._trials = runner, videos, trials
        self._progress, self._wanted = progress, 0

    def __call__(self, settings: List[Setting]) -> dict[str, Any]:
        import numpy as np

        from mohart.evaluation.tuning.settings import key_of

        self._wanted += len(settings) * len(self._videos)
        done = self._wanted - len(settings) * len(self._videos)
        found: dict[str, Any] = {}
        for setting in settings:
            key, scores = key_of(setting), []
            for video in self._videos:
                score = self._trials.get(key, video.sequence.name)
                if score is None:
                    score = self._runner.score(video, setting)
                    self._trials.put(key, video.sequence.name, score)
                scores.append(score)
                done += 1
                self._progress(done, self._wanted)
            found[key] = np.array(scores)
        return found


def _videos(args: Namespace) -> list[LabelledVideo]:
    """All labelled videos, with what the detector says about them."""
    from mohart.assembly.detector import build_detector
    from mohart.assembly.tuning import ask
    from mohart.data.layout import read_folder

    sequences = read_folder(args.folder)
    found = []
    with show_progress("detecting", "videos") as progress:
        for sequence in sequences:
            name = args.detector or f"file:{_detections(args.folder, sequence.name)}"
            found.append(ask(sequence, build_detector(name), args.every))
            progress(len(found), len(sequences))
    return found


def _detections(folder: Path, name: str) -> Path:
    """The detections that lie beside a sequence's truth."""
    for place in (folder / name, folder):
        path = place / "det" / "det.txt"
        if path.is_file() and (place.name == name or place == folder):
            return path
    raise MissingDataError(
        f"{folder / name}: no det/det.txt; put the detector's boxes there, or give --detector NAME"
    )


def _yaml(setting: Setting) -> str:
    lines = [f"{name}: {value}\n" for name, value in setting.items()]
    return "".join(lines) or "{}  # nothing was surely better than the defaults\n"


def _report(tuned: Tuned, names: list[str], facts: dict[str, object]) -> dict[str, Any]:
    """Everything, ready for JSON."""
    return {
        **facts,
        "setting": tuned.setting,
        "gain": tuned.gain,
        "held_out_gain": tuned.held_out_gain,
        "held_out_interval": list(tuned.interval),
        "folds": [
            {**fold._asdict(), "held_out": [names[n] for n in fold.held_out]}
            for fold in tuned.folds
        ],
        "scores": {
            key: dict(zip(names, x.tolist(), strict=True)) for key, x in tuned.scores.items()
        },
    }


def _summary(tuned: Tuned, names: list[str], args: Namespace) -> str:
    lines = []
    for fold in tuned.folds:
        chosen = ", ".join(f"{name}={value:g}" for name, value in fold.setting.items())
        out = ", ".join(names[n] for n in fold.held_out)
        lines.append(
            f"without {out}: {chosen or 'the defaults'}; {args.measure} {fold.gain:+.2f} there, "
            f"{fold.held_out_gain:+.2f} on what was held out"
        )
    low, high = tuned.interval
    chosen = ", ".join(f"{name}={value:g}" for name, value in tuned.setting.items())
    lines += [
        f"held out: {args.measure} {tuned.held_out_gain:+.2f} ({low:+.2f} to {high:+.2f})",
        f"chosen on all {len(names)} videos: {chosen or 'the defaults'} ({tuned.gain:+.2f} there)",
        f"knobs   {args.output / 'knobs.yaml'}",
        f"report  {args.output / 'report.json'}",
    ]
    return "\n".join(lines)
