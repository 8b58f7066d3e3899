"""Photographs as textures; the tests write their own small pictures."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest

from mohart.data.clips import ClipStream, batches
from mohart.errors import ConfigError, FormatError, MissingDataError
from mohart.synth.scenes import photographs, textures
from mohart.synth.scenes.clips import GeneratedClips
from mohart.synth.scenes.generator import Generator
from mohart.synth.scenes.ground import draw_ground
from mohart.synth.scenes.photographs import Photographs
from mohart.training.optim import Curriculum

PLAIN = Generator(seed=3, width=96, height=72, objects=(2, 3))


def write(path: Path, picture: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), picture)
    return path


def ramp(height: int, width: int) -> np.ndarray:
    """Blue grows to the right, green downwards, red is constant: a pixel tells its place."""
    y, x = np.mgrid[:height, :width]
    return np.dstack([x * 255 // width, y * 255 // height, np.full_like(x, 90)]).astype(np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for k in range(3):
        noise = rng.integers(0, 256, (60, 80, 3)).astype(np.uint8)
        write(tmp_path / "pictures" / f"{k}.png", cv2.GaussianBlur(noise, (0, 0), 2))
    return tmp_path / "pictures"


def frames(generator: Generator, number: int, count: int = 2) -> np.ndarray:
    return np.stack([labelled.frame for labelled in generator.scene(number, count).frames()])


def test_a_crop_is_a_piece_of_the_picture_perhaps_mirrored(tmp_path: Path) -> None:
    write(tmp_path / "ramp.png", ramp(200, 300))
    source, mirrored, sizes = Photographs(tmp_path), set(), []
    for seed in range(30):
        crop = source.crop(np.random.default_rng(seed), 40, 50)
        assert crop.shape == (40, 50, 3)
        assert crop.dtype == np.float32
        assert np.abs(crop[..., 2] - 90).max() <= 1
        columns, rows = crop[..., 0].mean(0), crop[..., 1].mean(1)
        assert (np.diff(rows) >= -1).all()  # never upside down
        step = np.diff(columns).mean()
        assert (np.diff(columns) * np.sign(step) >= -1).all()
        mirrored.add(bool(step < 0))
        sizes.append(np.ptp(columns) * 300 / 255)
    assert mirrored == {True, False}
    assert 45 < min(sizes) < 65  # pixels of the picture: never enlarged
    assert max(sizes) > 150


def test_a_picture_smaller_than_the_crop_is_enlarged_no_more_than_needed(tmp_path: Path) -> None:
    write(tmp_path / "small.png", ramp(20, 30))
    crop = Photographs(tmp_path).crop(np.random.default_rng(0), 100, 100)
    assert crop.shape == (100, 100, 3)
    assert np.ptp(crop[..., 1].mean(1)) > 200  # all of its height


def test_surfaces_vary_in_colour_and_keep_the_wanted_contrast(tmp_path: Path) -> None:
    write(tmp_path / "ramp.png", ramp(200, 300))
    source = Photographs(tmp_path)
    drawn = [source.surface(np.random.default_rng(seed), 40, 40) for seed in range(40)]
    assert all(image.min() >= 0 and image.max() <= 255 for image in drawn)
    assert len({int(image.mean((0, 1)).argmax()) for image in drawn}) == 3  # another hue
    flat = [source.surface(np.random.default_rng(seed), 40, 40, contrast=0.1) for seed in range(40)]
    ratio = [a.std((0, 1)).sum() / b.std((0, 1)).sum() for a, b in zip(flat, drawn, strict=True)]
    assert max(ratio) < 0.35


def test_pictures_are_found_by_name_in_folders_and_hidden_ones_are_not(folder: Path) -> None:
    write(folder / "holiday" / "beach.JPG", ramp(30, 30))
    write(folder / ".trash" / "old.png", ramp(30, 30))
    (folder / "._1.png").write_bytes(b"of another system")
    (folder / "notes.txt").write_text("no picture")
    assert len(Photographs(folder)) == 4


def test_large_pictures_are_kept_small_and_few(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(photographs, "LONGEST", 64)
    large = write(tmp_path / "large.png", ramp(100, 200))
    photographs._decoded.cache_clear()
    assert photographs._decoded(large).shape == (32, 64, 3)
    assert photographs._decoded(large) is photographs._decoded(large)
    assert photographs._decoded.cache_info().maxsize == photographs.KEPT
    photographs._decoded.cache_clear()


def test_the_digest_is_that_of_names_and_contents(folder: Path) -> None:
    before = Photographs(folder).digest()
    assert Photographs(folder).digest() == before
    (folder / "0.png").rename(folder / "00.png")
    renamed = Photographs(folder).digest()
    write(folder / "1.png", ramp(60, 80))
    assert len({before, renamed, Photographs(folder).digest()}) == 3


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_wherever_the_folder_is(folder: Path) -> None:
    generator = dataclasses.replace(PLAIN, photographs=str(folder))
    drawn = [frames(generator, number) for number in range(4)]
    moved = folder.rename(folder.with_name("elsewhere"))
    again = dataclasses.replace(PLAIN, photographs=str(moved))
    photographs._decoded.cache_clear()
    assert all((frames(again, number) == drawn[number]).all() for number in range(4))


@pytest.mark.slow
def test_a_used_bank_gives_the_same_scene_as_a_fresh_one(folder: Path) -> None:
    generator = dataclasses.replace(PLAIN, photographs=str(folder))
    bank = generator.bank()
    for number in range(3):
        kept = [item.frame for item in generator.scene(number, 2, bank).frames()]
        assert (np.stack(kept) == frames(generator, number)).all()


def test_most_places_and_some_surfaces_are_photographs(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, counts = Photographs(folder), {"crop": 0, "surface": 0}
    flat = np.full((24, 32, 3), 77, np.float32)

    def counted(kind: str) -> object:
        def draw(*args: object, **kwargs: object) -> np.ndarray:
            counts[kind] += 1
            return flat

        return draw

    for kind in counts:
        monkeypatch.setattr(source, kind, counted(kind))
    rngs = [np.random.default_rng(seed) for seed in range(400)]
    for rng in rngs:
        textures.surface(rng, 24, 32, photographs=source)
    assert 0.3 < counts["surface"] / 400 < 0.42
    assert counts["crop"] == 0
    whole = [textures.background(rng, 24, 32, source) is flat for rng in rngs[:100]]
    assert counts["crop"] == sum(whole)
    assert 0.58 < np.mean(whole) < 0.82


@pytest.mark.slow
def test_every_kind_of_place_and_object_can_be_drawn(folder: Path) -> None:
    generator = dataclasses.replace(PLAIN, photographs=str(folder), scenery=1.0)
    bank = generator.bank()
    ground = draw_ground(np.random.default_rng(0), 96, 72)
    for number in range(30):
        for place in (bank.place(number, 96, 72), bank.place(number, 96, 72, ground)):
            assert place.shape == (115, 153, 3)
        assert bank.sprite(number).area.min() > 30
    assert all(frames(generator, number).std() > 0 for number in range(6))


def test_photographs_change_the_picture_and_none_change_nothing(folder: Path) -> None:
    generator = dataclasses.replace(PLAIN, photographs=str(folder))
    assert any((frames(generator, n) != frames(PLAIN, n)).any() for n in range(3))
    rng, other = np.random.default_rng(1), np.random.default_rng(1)
    drawn = textures.natural(rng, 20, 20, photographs=None)
    assert (drawn == textures.natural(other, 20, 20)).all()


@pytest.mark.slow
def test_worker_processes_draw_the_same(folder: Path) -> None:
    generator = dataclasses.replace(PLAIN, photographs=str(folder))
    assert len(pickle.dumps(generator.bank())) < 2000
    source = GeneratedClips(generator, span=4, objects=3)
    stream = ClipStream([(source, 1.0)], seed=0, batch=2, lengths=Curriculum(((0.0, 4),), 1))
    alone, shared = next(iter(stream)), next(batches(stream, workers=1))
    assert bool((alone.frames == shared.frames).all())


def test_errors_say_what_is_wrong(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    with pytest.raises(MissingDataError, match=f"photographs: {missing} is not a folder"):
        Generator(photographs=str(missing)).scene(0, 1)
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(ConfigError, match=r"holds no picture that can be read \(\.jpg, \.jpeg"):
        Generator(photographs=str(tmp_path)).bank()
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    with pytest.raises(FormatError, match=r"broken\.jpg: not an image that can be decoded"):
        Photographs(tmp_path).crop(np.random.default_rng(0), 8, 8)
