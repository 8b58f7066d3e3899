"""Reading the pictures that collages are made of."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.synth.collage.material import Material


def test_reads_cutouts_photos_and_video(material_folder: Path) -> None:
    material = Material(material_folder)
    rng = np.random.default_rng(1)
    assert material.cutout(rng).shape[2] == 4
    assert material.photo(rng).shape == (360, 480, 3)
    film = material.video(rng)
    assert len(film) == 48
    assert all(frame.shape == (120, 160, 3) for frame in film)


def test_frames_of_a_piece_follow_each_other(material_folder: Path) -> None:
    film = Material(material_folder).video(np.random.default_rng(0))
    bright = [int((frame[..., 2] > 200).any(0).argmax()) for frame in film]
    assert np.all(np.diff(bright) >= 1)
    assert np.all(np.diff(bright) <= 3)


def test_leaves_out_what_is_excluded(material_folder: Path) -> None:
    assert len(Material(material_folder, ("thing_1",)).cutouts) == 2
    with pytest.raises(ConfigError, match="cutouts holds nothing"):
        Material(material_folder, ("thing_",))


def test_says_what_a_folder_lacks(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match=r"cutouts is not a folder; expected cutouts/"):
        Material(tmp_path)


def test_a_cutout_needs_alpha(material_folder: Path, tmp_path: Path) -> None:
    for kind in ("cutouts", "photos"):
        (tmp_path / kind).mkdir()
        cv2.imwrite(str(tmp_path / kind / "flat.png"), np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(FormatError, match=r"flat\.png: expected a picture with an alpha channel"):
        Material(tmp_path).cutout(np.random.default_rng(0))


def test_a_video_that_is_none_is_named(material_folder: Path, tmp_path: Path) -> None:
    for kind in ("cutouts", "photos"):
        (tmp_path / kind).symlink_to(material_folder / kind)
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / "torn.mp4").write_bytes(b"not a video")
    with pytest.raises(FormatError, match=r"torn\.mp4: not a video of 8 frames"):
        Material(tmp_path).video(np.random.default_rng(0))
