"""`mohart ablate`: what a part of the model is worth, by many short trainings."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli.terminal.say import say
from mohart.errors import ConfigError

if TYPE_CHECKING:
    from mohart.ablation.cells import CellFolder, Order
    from mohart.ablation.grid import Axis

SEQUENCES = {"own": 128, "strata": 3}  # of the test where not asked for
CONTROLS = ("none", "self_only")  # what relations are compared with

EPILOG = """\
examples:
  mohart ablate worlds/forces --relation none,deepsets,attention,self_only \\
      --world forces,collide --seeds 5 --jobs 2
  mohart ablate toy --vary model.glimpse=gaussian,bilinear --seeds 3
  mohart ablate parts --test strata --variant all \\
      --variant 'no claims=model.claims=false' --variant 'flat=data.generator.street=0'

The first axis that does not change the data is compared; the values of the other axes, such as
worlds, make a table each. All variants of a seed train on the same clips for the same number of
batches; the last averaged weights are tested, on clips that nothing was chosen by. A relation that
is named without a width gets the one that brings the model's parameters nearest to attention's.

The same command goes on where it was stopped, after any kill; cells that are done are kept. One
whose process or machine dies is tried again, three times at most.
DIR gets cells/NAME/ (order, log, training, result) and report/ (index.html, table.txt, table.tex,
means.csv, differences.csv, cells.csv, pictures). Exit code 2 where a cell failed, 130 after Ctrl-C.
"""


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "ablate",
        help="compare variants of the model by many short trainings",
        description="Train every variant with several seeds, test all of them on the same clips, "
        "and tell the differences with their intervals.",
        epilog=EPILOG,
    )
    parser.add_argument("config", help="YAML file, or a name that mohart configs ls shows")
    parser.add_argument(
        "--relation",
        metavar="KINDS",
        help="relational modules to compare, e.g. none,mlp,deepsets,attention,sab,self_only",
    )
    parser.add_argument(
        "--widen-none",
        action="store_true",
        help="give none too as many parameters, by a layer of each object's own",
    )
    parser.add_argument(
        "--variant",
        action="append",
        default=[],
        metavar="NAME=A.B=C;D.E=F",
        help="a named variant of several settings; a name alone is the "
        "configuration as it is; give it again for more",
    )
    parser.add_argument("--world", metavar="NAMES", help="toy worlds, a table for each")
    parser.add_argument(
        "--vary",
        action="append",
        default=[],
        metavar="A.B=C,D",
        help="values of any setting; give it again for more axes",
    )
    parser.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="A.B=C",
        help="change a setting for all variants",
    )
    parser.add_argument(
        "--seeds", type=int, default=5, metavar="N", help="trainings of every variant (default 5)"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="processes at once, one core each (default 1, with --ray all cores of the cluster; 0: "
        "in this process, one by one, which draws the clips of a seed once)",
    )
    parser.add_argument(
        "--ray",
        nargs="?",
        const="local",
        metavar="ADDRESS",
        help="cells on a Ray cluster, such as auto or head:6379, whose machines see the same "
        "folders; without an address on one that is started here",
    )
    parser.add_argument(
        "--test",
        choices=("own", "strata"),
        default="own",
        help="held-out clips of the configuration (default), or the strata of "
        "mohart bench, for variants that differ in their data",
    )
    parser.add_argument(
        "--real",
        type=Path,
        metavar="DIR",
        help="real videos as mohart bench --real takes them: the beginnings of those with several "
        "objects are tested on, too",
    )
    parser.add_argument(
        "--real-objects",
        type=int,
        metavar="N",
        help="of these videos those with at least N objects at their start (default 2)",
    )
    parser.add_argument(
        "--sequences",
        type=int,
        metavar="N",
        help="test sequences (default 128; of every stratum: 3)",
    )
    parser.add_argument(
        "--length", type=int, metavar="T", help="their frames (default: train.validation_length)"
    )
    parser.add_argument(
        "--horizon",
        type=int,
        metavar="K",
        help="the last K frames are blank and judged; 0 judges tracking (default: "
        "loss.forecast of the configuration)",
    )
    parser.add_argument(
        "--metric",
        default="iou",
        help="headline: iou, iou_end, ade, fde, ade_sizes, fde_sizes, taken (default iou)",
    )
    parser.add_argument(
        "--margin",
        type=float,
        default=0.01,
        metavar="D",
        help="difference in the metric that is too small to matter (default 0.01)",
    )
    parser.add_argument(
        "--against",
        metavar="VALUES",
        help="variants to compare with (default: none,self_only where relations "
        "are compared, otherwise the first value)",
    )
    parser.add_argument("--device", default="cpu", help="auto, cpu, cuda, ... (default cpu)")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help="default: runs/<name of the configuration>-ablation",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="print the cells and their parameters, then stop"
    )
    parser.add_argument(
        "--report-only",
        action="store_true",
        help="train nothing; report on the cells that are done",
    )
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Plan, train what is missing, report; the exit code."""
    from mohart.ablation.metrics import find_metric
    from mohart.assembly.ablation import parameter_count, plan_ablation
    from mohart.config.shipped import find_config
    from mohart.plots import check_plot

    if args.jobs is not None and args.jobs < (args.ray is not None):
        raise ConfigError(f"--jobs: expected at least {int(args.ray is not None)}, got {args.jobs}")
    if args.real_objects is not None and (args.real is None or args.real_objects < 1):
        raise ConfigError(f"--real-objects {args.real_objects}: wants --real, and at least 1")
    find_metric(args.metric)
    args.config = find_config(args.config)
    axes = _axes(args)
    orders = plan_ablation(
        args.config,
        args.changes,
        axes,
        seeds=args.seeds,
        length=args.length,
        sequences=SEQUENCES[args.test] if args.sequences is None else args.sequences,
        horizon=args.horizon,
        widen_none=args.widen_none,
        test=args.test,
        real=args.real,
        fewest=2 if args.real_objects is None else args.real_objects,
    )
    references = _references(args, orders, axes)
    if args.dry_run:
        for order in orders:
            say(f"{order.name}  {parameter_count(order)} parameters")
        return 0
    output = args.output or Path("runs") / f"{args.config.stem}-ablation"
    check_plot(output / "means.png")  # before hours of training
    return _run(args, orders, references, output)


def _run(args: Namespace, orders: Sequence[Order], references: list[str], output: Path) -> int:
    from mohart.ablation.cells import CellFolder
    from mohart.ablation.report import PAGE, check_place, write_report, write_timings
    from mohart.locks import locked

    check_place(output)
    with locked(output / ".lock", 2.0):
        folders = {order.name: CellFolder(output / "cells" / order.name) for order in orders}
        for order in orders:
            folders[order.name].agree(order)
        todo = [order for order in orders if not folders[order.name].is_done]
        if todo and not args.report_only:
            code = _work(args, todo, folders)
            if code == 130:
                say("stopped; the same command goes on", file=sys.stderr)
                return code
        done = [folder for folder in folders.values() if folder.is_done]
        results = [folder.read_result() for folder in done]
        text = write_report(
            output / "report",
            orders,
            results,
            metric=args.metric,
            margin=args.margin,
            references=references,
            title=f"Ablation of {args.config.stem}",
        )
        write_timings(output / "timings.json", done)
        say(text)
        say(output / "report" / PAGE)
        return 0 if len(done) == len(orders) or args.report_only else 2


def _work(args: Namespace, todo: Sequence[Order], folders: dict[str, CellFolder]) -> int:
    """Run the cells that are not done; 130 where a signal stopped it."""
    from mohart.assembly.data import share_sequences
    from mohart.cli.ablate.cell import work
    from mohart.cli.ablate.crew import run_cells
    from mohart.cli.ablate.progress import AblationProgress, failed_cell, run_here
    from mohart.cli.terminal.progress import open_display

    mine = {order.name: folders[order.name] for order in todo}
    steps = {order.name: order.config["train"]["steps"] for order in todo}
    with open_display() as display:
        progress = AblationProgress(mine, steps, len(folders) - len(mine), display)
        if args.jobs == 0:
            share_sequences()
            outcome = run_here(mine, lambda folder: work(folder.path, args.device), progress)
        else:
            outcome = run_cells(mine, progress, jobs=args.jobs, ray=args.ray, device=args.device)
    for name in outcome.failed:
        say(f"failed: {name}: {failed_cell(mine[name].log)}", file=sys.stderr)
    return 130 if outcome.stopped else 0


def _axes(args: Namespace) -> list[Axis]:
    from mohart.ablation.grid import parse_axis, parse_variants

    axes = [parse_axis(f"model.relation={args.relation}")] if args.relation else []
    if args.variant:
        axes.append(parse_variants(args.variant))
    axes += [parse_axis(text) for text in args.vary]
    if args.world:
        axes.append(parse_axis(f"data.world.kind={args.world}"))
    return axes


def _references(args: Namespace, orders: Sequence[Order], axes: Sequence[Axis]) -> list[str]:
    """Variants that the others are compared with."""
    from mohart.ablation.grid import parse_axis, split_axes
    from mohart.errors import did_you_mean

    variants = list(dict.fromkeys(order.variant for order in orders))
    if args.against:
        chosen = list(parse_axis(f"against={args.against}").values)
        for name in chosen:
            if name not in variants:
                raise ConfigError(
                    f"--against {name}: no such variant{did_you_mean(name, variants)}"
                )
        return chosen
    compared, _ = split_axes(axes, same_test=args.test == "strata")
    if compared is not None and compared.key == "model.relation":
        controls = [name for name in CONTROLS if name in variants]
        if controls:
            return controls
    return variants[:1]
