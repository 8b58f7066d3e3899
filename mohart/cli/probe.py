"""`mohart probe`: what the layers of a network know, and teaching them to know more or less."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mohart.cli.terminal.progress import show_progress
from mohart.cli.terminal.say import say
from mohart.errors import ConfigError
from mohart.weights.names import NAMES

if TYPE_CHECKING:
    from mohart.assembly.probe import ProbeOrder
    from mohart.assembly.probed import Probed
    from mohart.config.schema import Config, StethoscopeConfig
    from mohart.probes.layers.findings import Finding
    from mohart.probes.layers.fit import Reading

MODES = ("analytic", "auxiliary", "adversarial")
PAGE, TABLE, CSV, FIGURE = "index.html", "table.txt", "scores.csv", "layers.png"

EPILOG = """\
examples:
  mohart probe default -o out/                        every layer, every label
  mohart probe default --layer memory --label size,speed -o out/
  mohart probe runs/none runs/attention --data worlds/forces -o out/
  mohart probe runs/crowds-ablation --seeds 1 -o out/ every variant of a grid
  mohart probe runs/a --layer memory --label size --mode adversarial --lambda 0.3 -o out/

A stethoscope is a small network that reads a layer and learns a label. Analytic: nothing else
learns; it is scored on other clips, above a control task (the same with labels that are shuffled
between objects). Auxiliary and adversarial: the network is trained further for --steps batches,
with lambda times the stethoscope's gradient, or minus that, and then both are read analytically.

Layers: glimpse (its pixels), encoder, appearance (what is read out of the map that knows the
object), relation (what the LSTM gets), memory (what the LSTM says). DIR gets index.html,
layers.png, table.txt, scores.csv and readings/. The same command goes on where it was killed.
"""


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "probe",
        help="show what every layer knows (neural stethoscopes)",
        description="Read layers of trained networks with small networks that learn labels.",
        epilog=EPILOG,
    )
    parser.add_argument(
        "weights",
        nargs="+",
        metavar="RUN|WEIGHTS",
        help=f"or: {', '.join(NAMES)}, or a folder of mohart ablate, whose trainings are the seeds",
    )
    parser.add_argument("--layer", default="all", metavar="NAMES", help="(all)")
    parser.add_argument("--label", default="all", metavar="NAMES", help="(all)")
    parser.add_argument("--mode", choices=MODES, default="analytic", help="(analytic)")
    parser.add_argument(
        "--lambda",
        dest="strength",
        type=float,
        metavar="X",
        help="share of the stethoscope's gradient that the network gets; more than 0",
    )
    parser.add_argument(
        "--steps", type=int, default=200, metavar="N", help="batches of that training (200)"
    )
    parser.add_argument(
        "--data",
        metavar="CONFIG",
        help="configuration whose clips are shown (default: that of the first weights)",
    )
    parser.add_argument(
        "--set",
        dest="changes",
        action="append",
        default=[],
        metavar="A.B=C",
        help="change a setting of those clips, e.g. data.generator.objects=[6,12]",
    )
    parser.add_argument("--clips", type=int, default=96, metavar="N", help="to fit to (96)")
    parser.add_argument("--test-clips", type=int, default=64, metavar="N", help="to score on (64)")
    parser.add_argument("--length", type=int, default=16, metavar="T", help="their frames (16)")
    parser.add_argument(
        "--every", type=int, default=2, metavar="N", help="read every so many frames (2)"
    )
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="stethoscopes each (5)")
    parser.add_argument(
        "--reader",
        choices=("mlp", "linear"),
        default="mlp",
        help="the stethoscope: a small network (default), or a linear one, which takes no time",
    )
    parser.add_argument("--device", default="cpu", help="auto, cpu, cuda, ... (default cpu)")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR")
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Read, perhaps after teaching; print the table."""
    _check(args)
    from mohart.assembly.probe import data_of, plan_probe
    from mohart.assembly.probed import Probed, find_weights
    from mohart.config.shipped import find_config
    from mohart.locks import locked
    from mohart.plots import check_plot

    check_plot(args.output / FIGURE)
    weights = [one for name in args.weights for one in find_weights(name)]
    data = None if args.data is None else find_config(args.data)
    config = data_of(weights[0].path, data, args.changes)
    if args.mode != "analytic":
        if len(weights) > 1:
            raise ConfigError(f"--mode {args.mode}: expected one training, got a grid of them")
        taught = _teach(args, weights[0])
        if taught is None:
            say("stopped; the same command goes on", file=sys.stderr)
            return 130
        weights.append(Probed("taught", "taught", taught))
    order = plan_probe(
        weights,
        config,
        layers=args.layer,
        labels=args.label,
        clips=args.clips,
        test_clips=args.test_clips,
        length=args.length,
        every=args.every,
        seeds=args.seeds,
        reader=args.reader,
    )
    with locked(args.output / ".lock", 2.0):
        findings = _read(args, order, weights, config)
        if not findings:
            raise ConfigError(
                "probe: none of the labels is known of enough objects; take more clips, or others "
                "with --data"
            )
        _write(args, order, findings)
    return 0


def _check(args: Namespace) -> None:
    if args.mode == "analytic":
        if args.strength is not None:
            raise ConfigError("--lambda: the analytic mode lets nothing back; name another --mode")
        return
    if args.strength is None or args.strength <= 0:
        raise ConfigError(
            f"--mode {args.mode}: expected --lambda of more than 0; the mode is its sign"
        )
    if "all" in (args.layer, args.label) or len(args.weights) > 1:
        raise ConfigError(
            f"--mode {args.mode}: expected one RUN|WEIGHTS, and --layer and --label by name"
        )
    if args.steps < 1:
        raise ConfigError(f"--steps: expected at least 1, got {args.steps}")


def _placed(args: Namespace) -> list[StethoscopeConfig]:
    from mohart.config.loader import settings_from
    from mohart.config.schema import StethoscopeConfig

    sign = 1 if args.mode == "auxiliary" else -1
    return [
        settings_from(
            StethoscopeConfig,
            {"layer": layer.strip(), "label": label.strip(), "weight": sign * args.strength},
            "--layer, --label",
        )
        for layer in args.layer.split(",")
        for label in args.label.split(",")
    ]


def _teach(args: Namespace, weights: Probed) -> Path | None:
    """Train further; the last weights, None where a signal stopped it."""
    from mohart.assembly.teach import teach
    from mohart.assembly.weights import load_model
    from mohart.cli.terminal.training import report_training
    from mohart.config.loader import load_config
    from mohart.config.shipped import find_config

    if args.data is None:
        config = load_model(weights.path).config
    else:
        config = load_config(find_config(args.data))
    with report_training(args.steps) as report:
        return teach(
            weights.path,
            config,
            _placed(args),
            args.output / "run",
            steps=args.steps,
            device=args.device,
            report=report,
        )


def _read(
    args: Namespace, order: ProbeOrder, weights: Sequence[Probed], config: Config
) -> list[Finding]:
    from mohart.assembly.probe import probe
    from mohart.probes.layers.findings import find

    with show_progress("probing", "readings") as progress:

        def report(_: str, done: int, total: int) -> None:
            progress(done, total)

        readings = probe(order, weights, config, args.output, device=args.device, report=report)
        found: dict[tuple[str, str, str], list[Reading]] = {}
        for model, reading in readings:
            found.setdefault((model, reading.layer, reading.label), []).append(reading)
        return [find(model, parts) for (model, *_), parts in found.items()]


def _write(args: Namespace, order: ProbeOrder, findings: Sequence[Finding]) -> None:
    from mohart.files import write_bytes, write_text
    from mohart.probes.layers.findings import ABOUT, draw, to_csv, to_table
    from mohart.probes.page import Picture, Section, to_page

    figure, table = draw(findings), to_table(findings)
    write_bytes(args.output / FIGURE, figure)
    write_text(args.output / TABLE, table + "\n")
    write_text(args.output / CSV, to_csv(findings))
    names = ", ".join(dict.fromkeys(f.model for f in findings))
    section = Section(
        f"What the layers know: {names}",
        ABOUT,
        [Picture("layer and label", figure)],
        verbatim=table,
    )
    write_text(args.output / PAGE, to_page("What does the network know?", [section]))
    say(table)
    say(args.output / PAGE)
