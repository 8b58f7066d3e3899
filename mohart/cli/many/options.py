"""Options of `mohart track` for many videos."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from mohart.errors import ConfigError

ATTEMPTS = 3
OWN = ("more", "jobs", "ray", "chunk", "attempts")  # they say who does it, and not what is done


def add_many_options(parser: ArgumentParser) -> None:
    """Add --jobs, --ray, --chunk and --attempts, and further sources."""
    parser.add_argument("more", nargs="*", metavar="source", help="further videos, tracked as well")
    group = parser.add_argument_group(
        "many videos", "one task each; a task whose worker dies is tried again by another one"
    )
    group.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="worker processes, a core each (default 1; with --ray: all cores of the cluster)",
    )
    group.add_argument(
        "--ray",
        nargs="?",
        const="local",
        metavar="ADDRESS",
        help="workers on a Ray cluster, such as auto or head:6379, whose machines see the same "
        "files at the same paths; without an address on one that is started here",
    )
    group.add_argument(
        "--chunk",
        type=float,
        metavar="SECONDS",
        help="put what is done on disk every so many seconds of a video; whoever takes over a task "
        "goes on behind that, with the result of one run",
    )
    group.add_argument(
        "--attempts",
        type=int,
        metavar="N",
        help=f"how often a task is begun at most (default {ATTEMPTS})",
    )


def check_many_options(args: Namespace) -> None:
    """Raises ConfigError for numbers that cannot be meant."""
    for name in ("jobs", "attempts"):
        value = getattr(args, name)
        if value is not None and value < 1:
            raise ConfigError(f"--{name}: expected at least 1, got {value}")
    if args.chunk is not None and not args.chunk > 0:
        raise ConfigError(f"--chunk: expected seconds above 0, got {args.chunk:g}")
    if args.chunk is not None and args.both_ways:
        raise ConfigError("--both-ways needs a video as a whole; leave out --chunk")
