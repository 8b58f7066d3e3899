"""Who computes the network, where and with how many threads: options of the command line."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

from mohart.cli.options.trackers import ENGINE, PRECISION, THREADS
from mohart.cores import shared_cores


def add_engine_options(parser: ArgumentParser) -> None:
    """Add --device, --threads, --engine and --precision."""
    parser.add_argument(
        "--device", metavar="NAME", help="auto, cpu, cuda, cuda:1, ... (default auto)"
    )
    parser.add_argument(
        "--threads",
        type=int,
        metavar="N",
        help="of the network on the CPU (default 1, and where onnxruntime computes 16 objects and "
        "more of one video, as many as there are cores, up to 4; with torch other numbers change "
        "the last digits of boxes)",
    )
    parser.add_argument(
        "--engine",
        metavar="NAME",
        help="who computes the network: torch; cuda (on a GPU, as CUDA graphs); onnx (onnxruntime, "
        "on the CPU); or auto: cuda on a GPU, onnx on a CPU where it is installed and its boxes "
        f"are those of torch to a thousandth of a pixel (default {ENGINE}); run.json says which",
    )
    parser.add_argument(
        "--precision",
        metavar="KIND",
        help="float32; faster: int8, of --engine onnx, and bfloat16, of --engine cuda (default "
        f"{PRECISION})",
    )


def chosen_engine(args: Namespace, *, alone: bool) -> dict[str, Any]:
    """What `build_tracker` takes of these options.

    Args:
        args: of the command line.
        alone: whether nothing else is tracked meanwhile, so that all cores are free.
    """
    return {
        "device": args.device or "auto",
        "threads": args.threads or THREADS,
        "crowd_threads": shared_cores() if alone and not args.threads else 1,
        "engine": args.engine or ENGINE,
        "precision": args.precision or PRECISION,
    }
