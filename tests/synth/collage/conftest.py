"""A small folder of material, made of drawn pictures."""

from __future__ import annotations

import json
import struct
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


@pytest.fixture
def bar_file(tmp_path: Path) -> Path:
    """A red bar of two joints, 2 wide and 4 high, whose upper half bends by 90 degrees in 1 s."""
    c = float(np.sqrt(0.5))
    binding = np.tile(np.eye(4, dtype="<f4"), (2, 1, 1))
    binding[1, 3, 1] = -2  # columns come first
    parts: list[tuple[np.ndarray, str, int]] = [
        (np.array([[-1, 0, 0], [1, 0, 0], [-1, 4, 0], [1, 4, 0]], "<f4"), "VEC3", 5126),
        (np.array([0, 1, 2, 1, 3, 2], "<u2"), "SCALAR", 5123),
        (np.tile(np.array([0, 1, 0, 0], "u1"), (4, 1)), "VEC4", 5121),
        (np.array([[1, 0, 0, 0]] * 2 + [[0, 1, 0, 0]] * 2, "<f4"), "VEC4", 5126),
        (binding, "MAT4", 5126),
        (np.array([0, 1], "<f4"), "SCALAR", 5126),
        (np.array([[0, 0, 0, 1], [0, 0, c, c]], "<f4"), "VEC4", 5126),
    ]
    blob, views, accessors = b"", [], []
    for number, (array, kind, component) in enumerate(parts):
        data = array.tobytes()
        views.append({"buffer": 0, "byteOffset": len(blob), "byteLength": len(data)})
        count = len(array)
        accessors.append(
            {"bufferView": number, "componentType": component, "count": count, "type": kind}
        )
        blob += data + bytes(-len(data) % 4)
    attributes = {"POSITION": 0, "JOINTS_0": 2, "WEIGHTS_0": 3}
    head = {
        "asset": {"version": "2.0"},
        "nodes": [
            {"children": [1]},
            {"translation": [0, 2, 0]},
            {"mesh": 0, "skin": 0},
        ],
        "meshes": [{"primitives": [{"attributes": attributes, "indices": 1, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}}],
        "skins": [{"joints": [0, 1], "inverseBindMatrices": 4}],
        "animations": [
            {
                "channels": [{"sampler": 0, "target": {"node": 1, "path": "rotation"}}],
                "samplers": [{"input": 5, "output": 6}],
            }
        ],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": len(blob)}],
    }
    text = json.dumps(head).encode()
    text += b" " * (-len(text) % 4)
    start = struct.pack("<4sIII4s", b"glTF", 2, 28 + len(text) + len(blob), len(text), b"JSON")
    path = tmp_path / "bar.glb"
    path.write_bytes(start + text + struct.pack("<I4s", len(blob), b"BIN\0") + blob)
    return path
