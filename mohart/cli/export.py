"""`mohart export`: the network as graphs that every ONNX runtime can compute."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from mohart.weights.names import CHOICE, shipped_name

EPILOG = """\
examples:
  mohart export default -o step.onnx
  mohart export fast -o fast.onnx
  mohart export runs/mine/best.safetensors -o mine.onnx

Four files are written: STEP.onnx, the time step; STEP-first.onnx, the first look at new objects;
STEP-aim.onnx, where that one goes; and STEP-coast.onnx, a step without a picture. Inputs and
outputs have the names of mohart/model/graph_names.py; the number of objects is free. The metadata
hold configuration, calibration, the hash of the weights, the opset, and how far boxes are from
those of torch at most (pixels, measured now through onnxruntime).

The shipped weights come with their graphs; of others mohart track --engine onnx makes the same ones
by itself, once, and keeps them in ~/.cache/mohart.
"""


def add_parser(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Add the verb to the command line."""
    parser = subparsers.add_parser(
        "export",
        help="write the network as ONNX graphs, for other programs",
        description="Write the network as ONNX graphs: the time step and what belongs to it.",
        epilog=EPILOG,
    )
    parser.add_argument("weights", metavar="WEIGHTS", help=f"folder of a run, or one of: {CHOICE}")
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="graph of the time step; the others are FILE with -first, -aim, -coast in the name",
    )
    parser.add_argument(
        "--precision",
        choices=("float32", "int8"),
        default="float32",
        help="of the time step; int8: wide convolutions in whole numbers (default float32)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace these files")
    parser.set_defaults(run=run)


def run(args: Namespace) -> int:
    """Trace, compare, write and print."""
    from mohart.assembly.engines import write_graphs
    from mohart.assembly.weights import load_model

    asked: str | Path = args.weights
    if shipped_name(asked) is None and Path(asked).is_dir():
        asked = Path(asked) / "best.safetensors"
    made = write_graphs(
        load_model(asked), args.output, overwrite=args.overwrite, precision=args.precision
    )
    for written in made:
        print(f"{written}: {written.stat().st_size / 1e6:.1f} MB")
    return 0
