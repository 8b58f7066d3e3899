"""Install torch: the CPU build on a machine without an NVIDIA GPU, the usual one elsewhere.

The default Linux wheel brings several gigabytes of CUDA libraries that are of no use without a GPU.
Where the configured package index offers a build without them, that one is taken; otherwise
PyTorch's own index of CPU wheels is tried; if neither can be had, the usual wheel is installed and
the reason is printed. An installed torch is left alone.
"""

from __future__ import annotations

import importlib.util
import json
import platform
import shutil
import subprocess
import sys

TESTED = "torch==2.13.0"
ANY = "torch>=2.4"
CPU_INDEX = ["--index-url", "https://download.pytorch.org/whl/cpu"]
PIP = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check"]


def main() -> int:
    """Install, print what was done, return pip's exit code."""
    if importlib.util.find_spec("torch") is not None:
        return 0
    if platform.system() != "Linux" or shutil.which("nvidia-smi"):
        return install([ANY])
    for choice in ([TESTED], [TESTED, *CPU_INDEX], [ANY, *CPU_INDEX]):
        if is_cpu_build(choice):
            return install(choice)
    print("torch: no CPU build can be had here, installing the usual one", file=sys.stderr)
    return install([ANY])


def is_cpu_build(arguments: list[str]) -> bool:
    """Whether pip can resolve these arguments to a set of packages without CUDA libraries."""
    command = [*PIP, "--dry-run", "--quiet", "--report", "-", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        return False
    packages = json.loads(answer.stdout)["install"]
    names = [package["metadata"]["name"].lower() for package in packages]
    return not any(name.startswith(("nvidia", "cuda", "triton")) for name in names)


def install(arguments: list[str]) -> int:
    """Run pip."""
    print(f"installing {' '.join(arguments)}", file=sys.stderr)
    return subprocess.run([*PIP, "--quiet", *arguments], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
