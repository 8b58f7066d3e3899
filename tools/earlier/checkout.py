"""The files of an earlier commit, without touching the working tree."""

from __future__ import annotations

import io
import subprocess
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mohart.errors import MissingDataError

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def checked_out(commit: str, repository: Path = ROOT) -> Iterator[Path]:
    """A folder with the package of a commit, weights and all; it is gone afterwards.

    Args:
        commit: whatever git takes: a hash, a tag, `HEAD~3`.
        repository: where its history is.

    Raises:
        MissingDataError: this is no git checkout, or its history does not have the commit.
    """
    git = ["git", "-C", str(repository), "archive", "--format=zip"]
    command = [*git, "--end-of-options", commit, "mohart"]
    try:
        done = subprocess.run(command, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error).encode()
        raise MissingDataError(
            f"commit {commit}: not in the history of {repository} "
            f"({said.decode(errors='replace').strip()}); a full clone has it"
        ) from error
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(io.BytesIO(done.stdout)) as archive:
            archive.extractall(folder)
        yield Path(folder)
