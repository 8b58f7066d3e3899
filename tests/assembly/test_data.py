"""Worlds and test clips from settings."""

from __future__ import annotations

import inspect
from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch

from mohart.assembly.data import (
    build_batches,
    build_sources,
    build_test,
    build_validation,
    build_world,
)
from mohart.config import worlds
from mohart.config.loader import config_from
from mohart.config.schema import Config
from mohart.errors import ConfigError
from mohart.structures import Clip
from mohart.synth.scenes.clips import GeneratedClips
from mohart.synth.worlds.camera import Camera
from mohart.synth.worlds.clips import WorldClips
from mohart.synth.worlds.collide import Collide
from mohart.synth.worlds.crowd import Crowd
from mohart.synth.worlds.forces import Forces
from mohart.synth.worlds.free import Free
from mohart.synth.worlds.recorded import RecordedCrowd

CLASSES = {
    worlds.FreeConfig: Free,
    worlds.CollideConfig: Collide,
    worlds.ForcesConfig: Forces,
    worlds.CameraConfig: Camera,
    worlds.CrowdConfig: Crowd,
    worlds.RecordedConfig: RecordedCrowd,
}


def test_photographs_of_the_settings_are_looked_for_before_anything_is_drawn(
    tmp_path: Path,
) -> None:
    settings = {"data": {"generator": {"photographs": str(tmp_path)}}}
    with pytest.raises(ConfigError, match="holds no picture that can be read"):
        build_sources(config_from(settings), held_out=False)


def config(world: object = "free", seed: int = 0) -> Config:
    return config_from(
        {
            "data": {"world": world, "objects": 8},
            "train": {
                "seed": seed,
                "batch": 2,
                "lengths": [[0.0, 4]],
                "workers": 0,
                "validation_length": 4,
                "validation_clips": 8,
            },
        }
    )


def test_settings_and_classes_have_the_same_defaults() -> None:
    for settings, world in CLASSES.items():
        known = inspect.signature(world).parameters  # type: ignore[arg-type]
        for field in fields(settings):
            if field.name in ("kind", "folder"):
                continue
            assert known[field.name].default == field.default, (world, field.name)


@pytest.mark.parametrize("kind", ["free", "collide", "forces", "camera", "crowd"])
def test_a_world_takes_the_place_of_the_generator(kind: str) -> None:
    cfg = config(kind)
    ((source, weight),) = build_sources(cfg, held_out=False)
    assert isinstance(source, WorldClips)
    assert weight == 1.0
    assert type(source.world).__name__.lower() == kind
    assert next(build_batches(cfg, 0)).frames.shape == (2, 4, 96, 96, 3)
    ((source, _),) = build_sources(config(None), held_out=False)
    assert isinstance(source, GeneratedClips)


def test_settings_reach_the_world() -> None:
    world = build_world(worlds.ForcesConfig(recolour=0.7, width=64, objects=(2, 3)), "training")
    assert world == Forces(recolour=0.7, width=64, objects=(2, 3))


def test_recorded_walks_are_divided_in_time(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("0 1 2.0 3.0\n1 1 2.5 3.0\n")
    cfg = worlds.RecordedConfig(folder=str(tmp_path))
    for part in ("training", "validation", "test"):
        world = build_world(cfg, part)  # type: ignore[arg-type]
        assert isinstance(world, RecordedCrowd)
        assert world.part == part


def assert_same(one: Clip, two: Clip) -> None:
    assert one.facts is two.facts is None
    for a, b in zip(one[:-1], two[:-1], strict=True):
        assert isinstance(a, torch.Tensor)
        assert torch.equal(a, b)


def test_the_test_clips_are_as_many_and_as_long_as_asked_for() -> None:
    clips = build_test(config(), 19, 5)
    assert [c.frames.shape[:2] for c in clips] == [(8, 5), (8, 5), (3, 5)]
    fewer = build_test(config(), 8, 5)
    assert len(fewer) == 1
    assert_same(fewer[0], clips[0])


def test_the_test_clips_are_the_same_for_every_seed_and_met_nowhere_else() -> None:
    ours, others = build_test(config(seed=0), 8, 4)[0], build_test(config(seed=5), 8, 4)[0]
    assert_same(ours, others)
    training = [next(build_batches(config(seed=s), 0)).boxes for s in (0, 5)]
    validation = [build_validation(config(seed=s))[0].boxes for s in (0, 5)]
    every = torch.cat([ours.boxes, *training, *validation])
    starts = {tuple(box) for box in every[:, 0, 0].tolist()}
    assert len(starts) == len(every)


@pytest.mark.slow
def test_the_generator_can_be_tested_on_too_but_folders_alone_can_not(tmp_path: Path) -> None:
    cfg = config(None)
    small = replace(
        cfg,
        data=replace(
            cfg.data, generator=replace(cfg.data.generator, width=64, height=64, objects=(2, 2))
        ),
    )
    assert build_test(small, 1, 3)[0].frames.shape == (1, 3, 64, 64, 3)
    folders = config_from({"data": {"generated": 0.0, "folders": [{"path": str(tmp_path)}]}})
    with pytest.raises(ConfigError, match=r"data\.generated is 0: there is nothing to test on"):
        build_test(folders, 1, 3)
