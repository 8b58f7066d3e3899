"""Collages as training clips, from settings to batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from mohart.assembly.data import build_batches, build_sources, build_validation
from mohart.config.loader import config_from
from mohart.config.schema import Config
from mohart.errors import MissingDataError
from mohart.synth.collage.clips import CollageClips


def _config(folder: Path, **changes: Any) -> Config:
    return config_from(
        {
            "data": {
                "generated": 0.0,
                "objects": 3,
                "span": 8,
                "generator": {"width": 160, "height": 120},
                "collage": {"folder": str(folder), "size": [14.0, 40.0], **changes},
            },
            "train": {
                "batch": 2,
                "lengths": [[0.0, 4]],
                "workers": 0,
                "validation_clips": 8,
                "validation_length": 4,
            },
        }
    )


def test_batches_of_collages_alone(material_folder: Path) -> None:
    clip = next(build_batches(_config(material_folder), 0))
    assert clip.frames.shape == (2, 4, 120, 160, 3)
    assert clip.frames.dtype == torch.uint8
    assert clip.boxes.shape == (2, 4, 3, 4)


@pytest.mark.slow
def test_training_goes_on_with_the_same_batches(material_folder: Path) -> None:
    config = _config(material_folder)
    whole = build_batches(config, 0)
    batches = [next(whole) for _ in range(3)]
    again = next(build_batches(config, 2))
    for name in ("frames", "boxes", "visibility", "present"):
        assert torch.equal(getattr(batches[2], name), getattr(again, name))
    assert not torch.equal(batches[1].frames, batches[2].frames)


@pytest.mark.slow
def test_validation_has_other_scenes_and_its_own_weight(material_folder: Path) -> None:
    config = _config(material_folder, weight=0.4)
    ((source, weight),) = build_sources(config, held_out=True)
    assert isinstance(source, CollageClips)
    assert weight == 0.4
    trained, _ = build_sources(config, held_out=False)[0]
    assert isinstance(trained, CollageClips)
    assert source.collage.seed != trained.collage.seed
    assert len(build_validation(config)) == 1


def test_material_is_looked_for_before_anything_is_drawn(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="cutouts is not a folder"):
        build_sources(_config(tmp_path), held_out=False)
