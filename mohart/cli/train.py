"""`mohart train`: a configuration in, a run folder with weights out."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli.terminal.say import say

if TYPE_CHECKING:
    from mohart.config.schema import Config


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = subparsers.add_parser(
        "train",
        help="train a model from a configuration",
        description="Train from a configuration; a run can be stopped and resumed at any moment.",
    )
    parser.add_argument(
        "config", nargs="?", help="YAML file, or a name that mohart configs ls shows"
    )
    parser.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="A.B=C",
        help="change a setting, e.g. --set model.relation=none",
    )
    parser.add_argument("--resume", type=Path, metavar="RUN", help="run folder to go on with")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="RUN",
        help="run folder (default: runs/<name of the configuration>)",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="replace an earlier run in that folder"
    )
    parser.add_argument(
        "--protocol",
        choices=("sequence", "hart"),
        help="how data.folders are split for validation: by sequence (the default), or hart: in "
        "time, 80/20 inside every sequence, as HART did",
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, ...")
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="print the resolved configuration and size, then stop",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Execute the verb."""
    from mohart.assembly.run import train_run
    from mohart.cli.terminal.training import report_training
    from mohart.config.loader import dump_config
    from mohart.training.ranks import read_ranks

    config, folder = _settings(args)
    if args.dry_run:
        from mohart.assembly.model import build_model

        count = build_model(config.model).parameter_count()
        say(dump_config(config) + f"# {count} parameters")
        return 0
    leads = read_ranks().leads  # of the processes that torchrun has started, if it has
    heard = set[str]()
    with report_training(config.train.steps) if leads else nullcontext(_silent) as tell:

        def report(kind: str, numbers: dict[str, float]) -> None:
            heard.add(kind)
            tell(kind, numbers)

        done = train_run(
            config,
            folder,
            device=args.device,
            report=report,
            resume=args.resume is not None,
            overwrite=args.overwrite,
        )
    best = folder / "best.safetensors"
    if leads:
        say(best if done else f"stopped; go on: --resume {folder}")
    if leads and done and not heard:
        say(f"nothing to do: all {config.train.steps} training steps are done", file=sys.stderr)
    if leads and done:
        say(f"try them: mohart track VIDEO --box X,Y,W,H --model {best}", file=sys.stderr)
    return 0 if done else 130


def _silent(kind: str, numbers: dict[str, float]) -> None:
    """Reports nothing: another process does."""


def _settings(args: argparse.Namespace) -> tuple[Config, Path]:
    from mohart.config.loader import load_config, load_resolved, with_protocol
    from mohart.config.shipped import find_config
    from mohart.errors import ConfigError

    if (args.config is None) == (args.resume is None):
        raise ConfigError(
            "train: name either a configuration or --resume RUN, e.g. mohart train toy"
        )
    if args.resume is not None:
        if args.changes or args.output or args.protocol:
            raise ConfigError(
                "train: --resume continues a run as it was; drop --set, --protocol and --output"
            )
        return load_resolved(args.resume / "config.yaml"), args.resume
    path = find_config(args.config)
    config = load_config(path, args.changes)
    if args.protocol:
        config = with_protocol(config, args.protocol)
    return config, args.output or Path("runs") / path.stem
