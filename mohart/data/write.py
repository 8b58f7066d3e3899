"""Sequences -> folders in MOTChallenge layout."""

from __future__ import annotations

from pathlib import Path

import cv2

from mohart.data.sequence import Sequence
from mohart.errors import ConfigError, MohartError, OutputError
from mohart.files import write_failure
from mohart.folders import Kind, OutputFolder
from mohart.formats.mot.seqinfo import SequenceInfo, write_seqinfo
from mohart.formats.mot.tracks import write_mot
from mohart.video import VideoWriter

GENERATED = Kind(
    "mohart synth",
    names=("img1/[0-9][0-9][0-9][0-9][0-9][0-9].jpg", "img1.mp4", "gt/gt.txt", "seqinfo.ini"),
    mark="seqinfo.ini",
    said="; written by mohart synth\n",
)


def write_mot_sequence(
    folder: Path,
    sequence: Sequence,
    *,
    video: bool = False,
    quality: int = 92,
    overwrite: bool = False,
) -> None:
    """Write images or video, ground truth and `seqinfo.ini`, completely or not at all.

    The same sequence gives the same bytes. Ground truth has the flag 0 for ignored rows; in this
    layout every class but 1 (pedestrian) reads back as ignored.

    Args:
        folder: to be created; may exist where it is empty.
        sequence: frames are read one at a time.
        video: write `img1.mp4` (H.264) instead of `img1/000001.jpg, ...`.
        quality: of the JPEG images, 1 to 100.
        overwrite: an earlier sequence that this function wrote may be replaced, in the end.

    Raises:
        ConfigError: the quality is out of range, or the sequence has no frames.
        OutputError: the folder has something in it that may not be replaced, or cannot be written.
        MissingDataError: the sequence's frames are not there.
    """
    if not 1 <= quality <= 100:
        raise ConfigError(f"quality: expected 1 to 100, got {quality}")
    if sequence.length < 1 or sequence.width < 1:
        raise ConfigError(f"sequence '{sequence.name}': has no frames that could be written")
    with OutputFolder(folder, GENERATED, overwrite=overwrite) as output:
        try:
            _write_parts(output.part, sequence, video, quality)
        except MohartError:  # some of them are OSErrors too
            raise
        except OSError as error:
            raise write_failure(folder, error) from error


def _write_parts(folder: Path, sequence: Sequence, video: bool, quality: int) -> None:
    if video:
        width, height = sequence.width, sequence.height
        with VideoWriter(folder / "img1.mp4", width, height, sequence.frame_rate) as writer:
            for frame in sequence.frames():
                writer.write(frame)
    else:
        (folder / "img1").mkdir()
        for number, frame in enumerate(sequence.frames(), 1):
            encoded, data = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_QUALITY, quality])
            if not encoded:
                raise OutputError(f"{folder}: OpenCV cannot encode frame {number} as JPEG")
            (folder / "img1" / f"{number:06d}.jpg").write_bytes(data.tobytes())
    write_mot(folder / "gt" / "gt.txt", sequence.tracks, kind="gt")
    info = SequenceInfo(
        name=sequence.name,
        frame_rate=sequence.frame_rate,
        length=sequence.length,
        width=sequence.width,
        height=sequence.height,
        image_ext=".mp4" if video else ".jpg",
    )
    write_seqinfo(folder / "seqinfo.ini", info, tail=GENERATED.said)
