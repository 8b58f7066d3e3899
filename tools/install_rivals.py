"""Put OpenCV's further trackers (csrt, kcf, mosse, medianflow) into this environment.

Usage: python tools/install_rivals.py [--dry-run]

opencv-contrib-python is opencv-python with more in it, and both are the same folder `cv2`: the one
that was installed last is there, and removing one removes files of the other. So the contrib
package of the very same version is laid over the plain one, and everybody who asks for
opencv-python still finds it. Where there is none of that version, both are replaced by the newest
pair of one version. `mohart doctor` says which trackers are there.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

PLAIN, CONTRIB = "opencv-python", "opencv-contrib-python"


def commands(plain: str | None, offered: Sequence[str]) -> list[list[str]]:
    """What pip has to do.

    Args:
        plain: version of opencv-python that is installed; None without one.
        offered: versions of opencv-contrib-python that there are, the newest first.

    Raises:
        ValueError: there is none.
    """
    if not offered:
        raise ValueError("no opencv-contrib-python can be found; is there a network?")
    over = ["--force-reinstall", "--no-deps"]
    if plain in offered:
        return [["install", *over, f"{CONTRIB}=={plain}"]]
    return [["install", f"{PLAIN}=={offered[0]}"], ["install", *over, f"{CONTRIB}=={offered[0]}"]]


def offered_versions() -> list[str]:
    """Versions of opencv-contrib-python that pip can install here, the newest first."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "index", "versions", CONTRIB],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    lines = [line for line in done.stdout.splitlines() if line.startswith("Available versions:")]
    return [word.strip() for word in lines[0].partition(":")[2].split(",")] if lines else []


def installed() -> str | None:
    """Version of opencv-python here."""
    try:
        return version(PLAIN)
    except PackageNotFoundError:
        return None


def main(arguments: list[str] | None = None) -> int:
    """Install, and say what is there now."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--dry-run", action="store_true", help="print what pip would be told")
    args = parser.parse_args(arguments)
    try:
        wanted = commands(installed(), offered_versions())
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for words in wanted:
        print("pip", *words, flush=True)
        if not args.dry_run:
            code = subprocess.run([sys.executable, "-m", "pip", *words], check=False).returncode
            if code:
                return code
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
