"""Builds as setup.cfg says; the configurations go into the package, whose source keeps them beside.

`configs/` is the one place where they are: `mohart.config.shipped` finds them there in a checkout,
and in `mohart/configs/` where the package is installed.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CONFIGS = Path("configs")
# what default.yaml, pictures.yaml and gpu.yaml start from; they have the same place beside configs/
NAMES = ("stage4", "stage7", "stage12")
STARTS = [Path(f"docs/experiments/weights/{name}.safetensors") for name in NAMES]


class BuildWithConfigs(build_py):
    """Puts `configs/` into the built package."""

    def run(self) -> None:
        """Build, then copy."""
        super().run()
        if self.editable_mode:
            return
        for path in [*CONFIGS.rglob("*.yaml"), *STARTS]:
            target = Path(self.build_lib) / "mohart" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)


setup(cmdclass={"build_py": BuildWithConfigs})
