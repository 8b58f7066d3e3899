"""Which version this is, of what it is made, and where its source lies; imports nothing heavy."""

from __future__ import annotations

from pathlib import Path

__version__ = "0.2.0.dev0"

PACKAGE = Path(__file__).parent  # the folder of the package's source


def versions() -> dict[str, str]:
    """Versions of what a result depends on; torch is looked up without importing it."""
    import platform

    found = {"python": platform.python_version(), "mohart": __version__}
    for name in ("torch", "numpy", "av"):
        found[name] = _version(name)
    candidates = ("opencv-python", "opencv-contrib-python", "opencv-python-headless")
    present = [f"{name} {_version(name)}" for name in candidates if _version(name) != "none"]
    return {**found, "opencv": ", ".join(present) or "none", "platform": platform.platform()}


def _version(name: str) -> str:
    from importlib import metadata  # tens of milliseconds, which `import mohart` shall not cost

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"
