"""Animated 3-D models: a binary glTF file, and where its surface lies at a moment of an animation.

Source: Khronos glTF 2.0 specification, sections 3.5 (nodes), 3.6 (buffers), 3.7.3 (skins) and 3.11
(animations). Textures, cameras, lights and morph targets are left out: a surface gets its colours
from materials here, and from photographs where it is drawn.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Floats
from mohart.errors import FormatError

KINDS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
GREY = (0.6, 0.6, 0.6)  # linear; of a surface without a material


class Surface(NamedTuple):
    """A part of a model with one material, as it lies in the file.

    Attributes:
        places: [V, 3] vertices, in the model's own units.
        triangles: [F, 3] their numbers.
        colour: [3] RGB 0 to 1, not linear.
        node: to which it belongs.
        bones: [V, 4] numbers among the skin's joints; None: it moves with its node.
        shares: [V, 4] how far each decides, sums to 1.
        joints: [J] nodes of the skin.
        binding: [J, 4, 4] from the model to each joint at rest.
    """

    places: Floats
    triangles: NDArray[np.int64]
    colour: Floats
    node: int
    bones: NDArray[np.int64] | None
    shares: Floats
    joints: NDArray[np.int64]
    binding: Floats


class Place(NamedTuple):
    """How a node lies in its parent.

    Attributes:
        translation: [3].
        rotation: [4] quaternion x, y, z, w.
        scale: [3].
        matrix: [4, 4] in place of the three; such nodes do not move.
    """

    translation: Floats
    rotation: Floats
    scale: Floats
    matrix: Floats | None


class Track(NamedTuple):
    """How one property of one node changes."""

    node: int
    what: str  # translation, rotation or scale
    times: Floats  # [K] seconds, rising
    values: Floats  # [K, 3 or 4]
    steps: bool  # it jumps from key to key


@dataclass(frozen=True)
class Model:
    """A model that can be posed.

    Attributes:
        surfaces: at least one.
        parents: [N] of every node; -1: none. No node comes before its parent in `order`.
        order: [N] in which poses are added up.
        rest: of every node.
        animations: tracks of each; may be empty.
    """

    surfaces: tuple[Surface, ...]
    parents: tuple[int, ...]
    order: tuple[int, ...]
    rest: tuple[Place, ...]
    animations: tuple[tuple[Track, ...], ...]

    @property
    def triangles(self) -> NDArray[np.int64]:
        """[F, 3] numbers of vertices, over all surfaces."""
        starts = np.cumsum([0] + [len(one.places) for one in self.surfaces])
        parts = zip(self.surfaces, starts, strict=False)
        return np.concatenate([one.triangles + start for one, start in parts])

    @property
    def colours(self) -> Floats:
        """[F, 3] RGB 0 to 1 of every triangle."""
        return np.concatenate([np.tile(s.colour, (len(s.triangles), 1)) for s in self.surfaces])

    def length(self, animation: int) -> float:
        """Seconds of an animation."""
        return max((float(t.times[-1]) for t in self.animations[animation]), default=0.0)

    def pose(self, animation: int | None, seconds: float) -> Floats:
        """[V, 3] vertices in the model's units, y upwards; None: at rest."""
        moved: dict[int, dict[str, Floats]] = {}
        for track in self.animations[animation] if animation is not None else ():
            moved.setdefault(track.node, {})[track.what] = _between(track, seconds)
        world = np.empty((len(self.rest), 4, 4))
        for node in self.order:
            own = _matrix(self.rest[node]._replace(**moved.get(node, {})))
            world[node] = own if self.parents[node] < 0 else world[self.parents[node]] @ own
        return np.concatenate([_placed(surface, world) for surface in self.surfaces])


def read_model(path: Path) -> Model:
    """A .glb file with its buffer inside.

    Raises:
        FormatError: it is no such file, is damaged, or needs what is left out here.
    """
    data = path.read_bytes()
    try:
        magic, version, _ = struct.unpack_from("<4sII", data)
        length, kind = struct.unpack_from("<I4s", data, 12)
        if magic != b"glTF" or version != 2 or kind != b"JSON":
            raise FormatError(f"{path}: expected a binary glTF 2 file (.glb)")
        return _assemble(json.loads(data[20 : 20 + length]), data[20 + length + 8 :])
    except (struct.error, KeyError, IndexError, ValueError, TypeError) as error:
        raise FormatError(f"{path}: a damaged or unusual glTF file ({error!r})") from error


def _assemble(head: dict[str, Any], blob: bytes) -> Model:
    nodes = head["nodes"]
    parents = [-1] * len(nodes)
    for number, node in enumerate(nodes):
        for child in node.get("children", ()):
            parents[child] = number
    order: list[int] = []
    waiting = [number for number, parent in enumerate(parents) if parent < 0]
    while waiting:
        order.append(waiting.pop())
        waiting += nodes[order[-1]].get("children", ())
    if len(order) != len(nodes):
        raise ValueError("nodes form a circle")
    surfaces = [
        _surface(head, blob, number, part)
        for number, node in enumerate(nodes)
        if "mesh" in node
        for part in head["meshes"][node["mesh"]]["primitives"]
        if part.get("mode", 4) == 4
    ]
    if not surfaces:
        raise ValueError("no triangles")
    return Model(
        tuple(surfaces),
        tuple(parents),
        tuple(order),
        tuple(_rest(node) for node in nodes),
        tuple(_tracks(head, blob, one) for one in head.get("animations", ())),
    )


def _surface(head: dict[str, Any], blob: bytes, number: int, part: dict[str, Any]) -> Surface:
    names = part["attributes"]
    places = _read(head, blob, names["POSITION"])
    count = len(places)
    triangles = _read(head, blob, part["indices"]) if "indices" in part else np.arange(count)
    linear = GREY
    if "material" in part:
        look = head["materials"][part["material"]].get("pbrMetallicRoughness", {})
        linear = look.get("baseColorFactor", (1.0, 1.0, 1.0))[:3]
    colour = np.clip(np.array(linear, float), 0, 1) ** (1 / 2.2)
    skin = head["nodes"][number].get("skin")
    bones, shares = None, np.zeros((count, 4))
    joints, binding = np.zeros(0, np.int64), np.zeros((0, 4, 4))
    if skin is not None and "JOINTS_0" in names:
        bones = _read(head, blob, names["JOINTS_0"]).astype(np.int64)
        shares = np.nan_to_num(_read(head, blob, names["WEIGHTS_0"]))  # exporters write NaN, too
        shares[shares.sum(1) <= 0, 0] = 1
        shares = shares / shares.sum(1, keepdims=True)
        joints = np.array(head["skins"][skin]["joints"], np.int64)
        # columns come first in the file
        columns = _read(head, blob, head["skins"][skin]["inverseBindMatrices"])
        binding = columns.reshape(-1, 4, 4).transpose(0, 2, 1)
    flat = triangles.astype(np.int64).reshape(-1, 3)
    return Surface(places, flat, colour, number, bones, shares, joints, binding)


def _read(head: dict[str, Any], blob: bytes, number: int) -> Floats:
    """An accessor, [count, width] or [count], as numbers; shares of integers are scaled to 1."""
    accessor = head["accessors"][number]
    if "sparse" in accessor or "bufferView" not in accessor:
        raise ValueError("sparse accessors are not read")
    view = head["bufferViews"][accessor["bufferView"]]
    if head["buffers"][view["buffer"]].get("uri"):
        raise ValueError("its buffer lies outside the file")
    kind, width = np.dtype(KINDS[accessor["componentType"]]), WIDTHS[accessor["type"]]
    start = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
    stride = view.get("byteStride") or kind.itemsize * width
    rows = np.ndarray((accessor["count"], width), kind, blob, start, (stride, kind.itemsize))
    values: Floats = rows.astype(np.float64)
    if accessor.get("normalized"):
        values = values / np.iinfo(kind).max
    return np.asarray(values[:, 0] if width == 1 else values)


def _rest(node: dict[str, Any]) -> Place:
    return Place(
        np.array(node.get("translation", (0, 0, 0)), float),
        np.array(node.get("rotation", (0, 0, 0, 1)), float),
        np.array(node.get("scale", (1, 1, 1)), float),
        np.array(node["matrix"], float).reshape(4, 4).T if "matrix" in node else None,
    )


def _tracks(head: dict[str, Any], blob: bytes, animation: dict[str, Any]) -> tuple[Track, ...]:
    found = []
    for channel in animation["channels"]:
        node, what = channel["target"].get("node"), channel["target"]["path"]
        if node is None or what == "weights":
            continue
        sampler = animation["samplers"][channel["sampler"]]
        manner = sampler.get("interpolation", "LINEAR")
        times, values = _read(head, blob, sampler["input"]), _read(head, blob, sampler["output"])
        if manner == "CUBICSPLINE":  # tangent, value, tangent: the values alone, joined by lines
            values = values[1::3]
        if len(times) != len(values) or not len(times):
            raise ValueError("an animation whose times and values do not belong together")
        found.append(Track(node, what, times, values, manner == "STEP"))
    return tuple(found)


def _between(track: Track, seconds: float) -> Floats:
    """[3 or 4] the value at a time."""
    after = int(np.searchsorted(track.times, seconds, side="right"))
    low, high = max(after - 1, 0), min(after, len(track.times) - 1)
    first, last = track.values[low], track.values[high]
    gap = track.times[high] - track.times[low]
    share = 0.0 if track.steps or gap <= 0 else (seconds - track.times[low]) / gap
    if track.what != "rotation":
        return np.asarray(first + share * (last - first))
    mixed = first + share * ((last if first @ last >= 0 else -last) - first)
    return np.asarray(mixed / max(float(np.linalg.norm(mixed)), 1e-9))


def _matrix(place: Place) -> Floats:
    """[4, 4] of a node in its parent."""
    if place.matrix is not None:
        return place.matrix
    x, y, z, w = place.rotation
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    result = np.eye(4)
    result[:3, :3], result[:3, 3] = turn * place.scale, place.translation
    return result


def _placed(surface: Surface, world: Floats) -> Floats:
    places = np.concatenate([surface.places, np.ones((len(surface.places), 1))], 1)
    if surface.bones is None:
        return np.asarray((places @ world[surface.node].T)[:, :3])
    moved = world[surface.joints] @ surface.binding
    mixed = np.einsum("vk,vkij->vij", surface.shares, moved[surface.bones])
    return np.asarray(np.einsum("vij,vj->vi", mixed, places)[:, :3])
