"""Turn a run's best checkpoint into weights inside the project, in half precision.

Usage: python tools/ship_weights.py RUN/best.safetensors [TARGET [START]]

TARGET is a name of shipped weights, `default` unless given, or a file. START is where the project
keeps the weights that the run started from; it replaces their path on the machine that trained.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from mohart.errors import MohartError
from mohart.training.checkpoint import load_checkpoint, save_checkpoint
from mohart.weights.names import weights_file


def main(source: Path, target: Path, start: str | None) -> None:
    """Write the target and its JSON."""
    saved = load_checkpoint(source)
    weights = {k: v for k, v in saved.tensors.items() if k.startswith("weights.")}
    halved = {k: v.to(torch.float16) for k, v in weights.items()}
    error = max(float((halved[k].float() - v).abs().max()) for k, v in weights.items())
    about = {**saved.about, "precision": "float16"}
    about["config"]["train"]["start_from"] = start
    if about["config"]["data"].get("collage"):  # not where it lay on the machine that trained
        about["config"]["data"]["collage"]["folder"] = "material"
    save_checkpoint(target, halved, about)
    print(f"{target.name}: {target.stat().st_size} bytes, largest rounding error {error:.1e}")


if __name__ == "__main__":
    arguments = sys.argv[1:]
    if not 1 <= len(arguments) <= 3 or arguments[0].startswith("-"):
        print(
            f"error: expected RUN/best.safetensors [TARGET [START]], got {arguments}",
            file=sys.stderr,
        )
        sys.exit(2)
    target, start = (*arguments[1:], None, None)[:2]
    try:
        main(Path(arguments[0]), weights_file(target), start)
    except MohartError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
