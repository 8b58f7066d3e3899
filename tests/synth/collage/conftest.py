"""A small folder of material, made of drawn pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="session")
def material_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three cut-outs, two photographs and one video of 60 frames."""
    root = tmp_path_factory.mktemp("material")
    rng = np.random.default_rng(0)
    for kind in ("cutouts", "photos", "videos"):
        (root / kind).mkdir()
    for n, size in enumerate([(60, 40), (30, 90), (50, 50)]):
        picture = np.zeros((*size, 4), np.uint8)
        axes = size[1] // 2 - 2, size[0] // 2 - 2
        middle = size[1] // 2, size[0] // 2
        cv2.ellipse(picture, middle, axes, 0, 0, 360, (40 * n, 90, 200, 255), -1)
        cv2.imwrite(str(root / "cutouts" / f"thing_{n}.png"), picture)
    for n in range(2):
        photo = cv2.resize(rng.integers(0, 255, (24, 32, 3), np.uint8), (480, 360))
        cv2.imwrite(str(root / "photos" / f"place_{n}.jpg"), photo)
    film = cv2.VideoWriter(
        str(root / "videos" / "film.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (160, 120)
    )
    for n in range(60):
        frame = np.full((120, 160, 3), 90, np.uint8)
        cv2.circle(frame, (20 + 2 * n, 60), 12, (0, 200, 250), -1)
        film.write(frame)
    film.release()
    return root
