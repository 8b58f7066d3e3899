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
ASK = """
import cv2
cv2.TrackerCSRT, cv2.TrackerKCF, cv2.legacy.TrackerMOSSE, cv2.legacy.TrackerMedianFlow
print(f"OpenCV {cv2.__version__} has csrt, kcf, mosse and medianflow")
"""


def commands(plain: str | None, offered: Sequence[str]) -> list[list[str]]:
    """What pip has to do.

    Args:
        plain: version of opencv-python that is installed; None without one.
        offered: versions of opencv-contrib-python that there are, the newest first.
    """
    over = ["--force-reinstall", "--no-deps"]
    if plain in offered:
        return [["install", *over, f"{CONTRIB}=={plain}"]]
    return [["install", f"{PLAIN}=={offered[0]}"], ["install", *over, f"{CONTRIB}=={offered[0]}"]]


def offered_versions() -> list[str]:
    """Versions of opencv-contrib-python that pip can install here, the newest first.

    Raises:
        ValueError: pip cannot tell; with the last thing that it said.
    """
    done = subprocess.run(
        [sys.executable, "-m", "pip", "index", "versions", CONTRIB],
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("Available versions:")]
    if lines:
        return [word.strip() for word in lines[0].partition(":")[2].split(",")]
    said = [line for line in done.stderr.splitlines() if line.strip()]
    why = said[-1] if said else f"pip ended with {done.returncode}"
    raise ValueError(f"pip finds no {CONTRIB}: {why}; is there pip >= 21.2 and a network?")


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
    return 0 if args.dry_run else tell()


def tell() -> int:
    """Say which trackers a new process finds; 2 where the further ones are not among them."""
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=False)
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        print(f"error: cv2 has no further trackers: {said[-1] if said else ''}", file=sys.stderr)
        return 2
    print(done.stdout.strip())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
