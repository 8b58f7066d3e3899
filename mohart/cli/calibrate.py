"""`mohart calibrate`: fit how surely objects are seen, after a training."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from mohart.cli.options.trackers import THREADS
from mohart.cli.terminal.progress import show_progress
from mohart.cli.terminal.say import say
from mohart.errors import ConfigError
from mohart.weights.names import NAMES, weights_file


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "calibrate",
        help="fit how surely objects are seen, for weights",
        description="Fit the probability that an object is seen where the network says so, on "
        "generated sequences, and write it into the file of weights. mohart train does it in the "
        "end, with train.calibration sequences of every kind; with more of them the fit is finer.",
    )
    parser.add_argument(
        "weights",
        type=Path,
        metavar="RUN|WEIGHTS",
        help="folder of a run (its best.safetensors), or a file",
    )
    parser.add_argument(
        "--sequences",
        type=int,
        default=4,
        metavar="N",
        help="of every stratum of mohart bench (default 4)",
    )
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Fit, write and print."""
    from mohart.assembly.calibration import calibrate_weights
    from mohart.assembly.device import use_threads
    from mohart.folders import lock_folder

    use_threads(THREADS)
    path = args.weights / "best.safetensors" if args.weights.is_dir() else args.weights
    if str(path) in NAMES and not path.exists():
        raise ConfigError(
            f"{path}: what is shipped stays as it is; calibrate a copy of {weights_file(str(path))}"
        )
    with lock_folder(path.parent), show_progress("calibrating", "sequences") as progress:
        found = calibrate_weights(path, sequences=args.sequences, progress=progress)
    if found.before is not None:
        say(f"error on sequences held out: {found.before:.3f}, calibrated {found.after:.3f}")
    say(f"{path}: {found.calibration}, of {found.answers} answers")
    return 0
