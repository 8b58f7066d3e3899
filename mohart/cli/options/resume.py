"""`mohart track --resume DIR`: the options of the run that is gone on with."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.errors import ConfigError, MissingDataError

if TYPE_CHECKING:
    from mohart.session.resume import PastRun

OWN = ("resume", "init", "init_frame", "json", "source", "more", "run", "parser", "verb", "debug")
NOT_KEPT = ("init", "init_frame", "box", "output", "overwrite", "resume", "json")


def restore_options(args: Namespace, parser: ArgumentParser) -> tuple[Namespace, PastRun]:
    """The arguments that the run in the folder had, with the boxes that are given now.

    Args:
        args: as parsed, with `resume`.
        parser: that parsed them, for its defaults.

    Raises:
        ConfigError: an option that the run decides is given.
        MissingDataError: there is no such run, or its source is not there any more.
    """
    from mohart.session.resume import find_run

    for name, value in vars(args).items():
        if name not in OWN and value != parser.get_default(name):
            raise ConfigError(
                f"--{name.replace('_', '-')} has no effect with --resume, which takes it from the "
                "run; leave it out, or track anew"
            )
    past = find_run(args.resume, corrected=args.init is not None)
    kept = {name: value for name, value in past.options.items() if name not in NOT_KEPT}
    values = {**vars(args), **kept, "init": args.init, "output": args.resume, "overwrite": True}
    values["source"] = args.source or _source(past)
    named, whole = values.get("model"), past.report.get("model_path")
    if named and whole and not Path(str(named)).exists():  # gone on with from another folder
        values["model"] = str(whole)
    return Namespace(**values), past


def _source(past: PastRun) -> str:
    """The video of a run, from wherever it is gone on with."""
    named, whole = str(past.options["source"]), past.report.get("source_path")
    for path in (named, whole):
        if path is not None and (Path(path).exists() or path.isdigit() or "://" in path):
            return str(path)
    raise MissingDataError(
        f"{past.folder}: its video {named} is not there; say where it is: mohart track VIDEO "
        f"--resume {past.folder}"
    )
