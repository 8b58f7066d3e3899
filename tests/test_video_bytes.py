"""The same frames give the same video file, whatever memory held before."""

import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from mohart.video import writer
from mohart.video.writer import AVX_512F, ENCODING

CODE = """
import hashlib, os, random, sys
import cv2, numpy as np
from mohart.video import VideoWriter

chance = random.Random(os.getpid())
junk = [bytearray(chance.randbytes(chance.randrange(10**5, 10**7))) for _ in range(20)]
del junk
generator = np.random.default_rng(0)
ground = cv2.resize(generator.integers(0, 255, (12, 16, 3), dtype=np.uint8), (480, 360))
with VideoWriter(sys.argv[1], 480, 360, 25.0) as video:
    for k in range(12):
        video.write(np.roll(ground, 3 * k, 1))
with open(sys.argv[1], "rb") as file:
    print(hashlib.sha256(file.read()).hexdigest())
"""


def test_code_that_reads_unwritten_memory_is_left_out() -> None:
    options = ENCODING["x264-params"].split(":")
    assert ("asm=avx2" in options) == cv2.checkHardwareSupport(AVX_512F)


@pytest.mark.parametrize(("cores", "threads"), [(1, 1), (2, 1), (4, 3), (64, 4)])
def test_one_core_is_left_to_tracking(
    monkeypatch: pytest.MonkeyPatch, cores: int, threads: int
) -> None:
    monkeypatch.setattr(writer, "usable_cores", lambda: cores)
    assert writer._encoding()["threads"] == str(threads)


@pytest.mark.slow
def test_the_same_bytes_in_every_process(tmp_path: Path) -> None:
    path = str(tmp_path / "a.mp4")
    found = {
        subprocess.run(
            [sys.executable, "-c", CODE, path], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(6)
    }
    assert len(found) == 1
