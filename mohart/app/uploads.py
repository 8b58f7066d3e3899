"""One file on its way from the browser to the disk: never larger than allowed, never no video."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import BinaryIO

from mohart.app.containers import KNOWN, SIGNATURE_BYTES, video_ending
from mohart.app.places import RefusalError, shown_name, write_json


class Upload:
    """A file on its way in: bytes are added, then it is kept or dropped.

    Args:
        folder: of the new video; made here.
        name: as the user calls it, shown and never used as a path.
        limit: bytes.
    """

    def __init__(self, folder: Path, name: str, limit: int) -> None:
        self.folder, self.name, self.limit = folder, shown_name(name), limit
        self.bytes = 0
        self._head = b""
        folder.mkdir(parents=True)
        self._file: BinaryIO = (folder / "source.part").open("xb")

    def add(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            RefusalError: they are too many, or no video starts so.
        """
        self.bytes += len(data)
        if self.bytes > self.limit:
            raise RefusalError(413, too_large(self.limit))
        if len(self._head) < SIGNATURE_BYTES:
            self._head += data[:SIGNATURE_BYTES]
            if len(self._head) >= SIGNATURE_BYTES:
                self._ending()
        self._file.write(data)

    def keep(self) -> None:
        """The file is complete.

        Raises:
            RefusalError: it is no video.
        """
        self._file.close()
        source = f"source{self._ending()}"
        (self.folder / "source.part").rename(self.folder / source)
        meta = {"name": self.name, "source": source, "bytes": self.bytes, "created": time.time()}
        write_json(self.folder / "meta.json", meta)

    def drop(self) -> None:
        """Remove what has come."""
        self._file.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ending(self) -> str:
        ending = video_ending(self._head)
        if ending is None:
            what = "the file is empty" if not self._head else "this is no video that is known here"
            raise RefusalError(415, f"{what}; expected {KNOWN}")
        return ending


def too_large(limit: int) -> str:
    """What to tell about a file above the limit."""
    return (
        f"the file is larger than {limit / 1e9:g} GB; name it on the command line instead "
        f"(mohart app VIDEO), or allow more with --limit"
    )
