"""Turn a run's best checkpoint into the weights inside the package, in half precision.

Usage: python tools/ship_weights.py runs/default/best.safetensors
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

import mohart
from mohart.training.checkpoint import load_checkpoint, save_checkpoint


def main(source: Path) -> None:
    """Write mohart/weights/default.safetensors and its JSON."""
    saved = load_checkpoint(source)
    weights = {k: v for k, v in saved.tensors.items() if k.startswith("weights.")}
    halved = {k: v.to(torch.float16) for k, v in weights.items()}
    error = max(float((halved[k].float() - v).abs().max()) for k, v in weights.items())
    target = Path(mohart.__file__).parent / "weights" / "default.safetensors"
    save_checkpoint(target, halved, {**saved.about, "precision": "float16"})
    print(f"{target.name}: {target.stat().st_size} bytes, largest rounding error {error:.1e}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
