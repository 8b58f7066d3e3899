"""Models that are posed: what a file says is where the surface lies."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest

from mohart.errors import FormatError
from mohart.synth.collage.gltf import read_model


def test_a_node_moves_as_its_animation_says(bar_file: Path) -> None:
    model = read_model(bar_file)
    assert model.length(0) == 1.0
    rest, half = model.pose(None, 0.0), model.pose(0, 0.5)
    np.testing.assert_allclose(np.ptp(rest, axis=0), (2, 4, 0), atol=1e-6)
    # the lower end stands still, the upper one is turned by 45 degrees about (0, 2, 0)
    np.testing.assert_allclose(half[:2], rest[:2], atol=1e-6)
    c = np.sqrt(0.5)
    turn = np.array([[c, -c, 0], [c, c, 0], [0, 0, 1]])
    np.testing.assert_allclose(half[2:], (rest[2:] - (0, 2, 0)) @ turn.T + (0, 2, 0), atol=1e-6)


def test_colours_are_those_of_the_material(bar_file: Path) -> None:
    model = read_model(bar_file)
    np.testing.assert_allclose(model.colours, np.tile([1.0, 0.0, 0.0], (2, 1)), atol=1e-6)
    assert model.triangles.tolist() == [[0, 1, 2], [1, 3, 2]]


def test_vertices_whose_shares_are_no_numbers_stay_with_the_first_joint(bar_file: Path) -> None:
    data = bytearray(bar_file.read_bytes())
    shares = struct.pack("<8f", 0, 1, 0, 0, 0, 1, 0, 0)
    at = data.find(shares)
    data[at : at + 16] = struct.pack("<4f", *[float("nan")] * 4)
    bar_file.with_name("nan.glb").write_bytes(data)
    model = read_model(bar_file.with_name("nan.glb"))
    moved = model.pose(0, 0.5)
    np.testing.assert_allclose(moved[2], model.pose(None, 0.0)[2], atol=1e-6)
    assert np.isfinite(moved).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:60],
        lambda data: b"glTX" + data[4:],
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b'"MAT4"', b'"MAT9"'),
        lambda data: data.replace(b'"children": [1]', b'"children": [0]'),
        lambda data: data.replace(b'"POSITION"', b'"POSITIOM"'),
    ],
    ids=["short", "magic", "half", "kind", "circle", "places"],
)
def test_damage_is_told(bar_file: Path, tmp_path: Path, change: object) -> None:
    damaged = change(bar_file.read_bytes())  # type: ignore[operator]
    assert damaged != bar_file.read_bytes()
    (tmp_path / "bad.glb").write_bytes(damaged)
    with pytest.raises(FormatError, match=r"bad\.glb"):
        read_model(tmp_path / "bad.glb")


def test_a_buffer_outside_the_file_is_told(bar_file: Path, tmp_path: Path) -> None:
    data = bar_file.read_bytes()
    length = struct.unpack_from("<I", data, 12)[0]
    head = json.loads(data[20 : 20 + length])
    head["buffers"][0]["uri"] = "elsewhere.bin"
    text = json.dumps(head).encode()
    start = struct.pack("<4sIII4s", b"glTF", 2, 0, len(text), b"JSON")
    (tmp_path / "bad.glb").write_bytes(start + text + data[20 + length :])
    with pytest.raises(FormatError, match="outside the file"):
        read_model(tmp_path / "bad.glb")
