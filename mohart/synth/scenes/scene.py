"""One generated scene: who is in it, and how a frame of it is drawn."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mohart.aliases import Frame, Random
from mohart.synth.scenes.camera import CameraPath
from mohart.synth.scenes.compose import blend, smear
from mohart.synth.scenes.crowd import Crowd
from mohart.synth.scenes.degrade import Optics
from mohart.synth.scenes.ground import Ground, street
from mohart.synth.scenes.photographs import Photographs
from mohart.synth.scenes.solids import draw_solid
from mohart.synth.scenes.sprites import PHASES, Sprite, draw_kind, draw_sprite, solid_sprite
from mohart.synth.scenes.textures import background

FOREGROUND = 255  # owner of pixels that scenery in front covers


class Labelled(NamedTuple):
    """A drawn frame with its truth.

    Attributes:
        frame: [H, W, 3] uint8 BGR.
        boxes: [N, 4] float64 xyxy pixels, amodal: hidden parts and parts outside count.
        visibility: [N] share of the object's pixels that can be seen.
    """

    frame: Frame
    boxes: NDArray[np.float64]
    visibility: NDArray[np.float64]


class _Look(NamedTuple):
    """An object's picture, and how it is laid into the world.

    Attributes:
        image: [S, S, 4] uint8 BGRA.
        hull: [K, 2] float32, convex outline on the canvas.
        bounds: [4] float32, what is labelled of it, on the canvas; None labels the outline.
        area: pixels of the canvas that are covered.
        turn: [2, 2] canvas -> frame.
        origin: [2] point of the canvas that is laid on `place`.
        place: [2] world coordinates.
    """

    image: Frame
    hull: NDArray[np.float32]
    bounds: NDArray[np.float32] | None
    area: float
    turn: NDArray[np.float64]
    origin: NDArray[np.floating]
    place: NDArray[np.float64]


class Bank:
    """Sprites and backgrounds by number, drawn when first asked for.

    Args:
        seed: with the same seed and photographs they are the same always.
        keep: sprites in memory.
        photographs: some surfaces and places are cut out of them.
    """

    def __init__(
        self, seed: int, *, keep: int = 256, photographs: Photographs | None = None
    ) -> None:
        self.photographs = photographs
        self._seed = seed
        self._keep = keep
        self._sprites: OrderedDict[int, Sprite] = OrderedDict()
        self._solids: OrderedDict[int, Sprite] = OrderedDict()
        self._places: OrderedDict[tuple[int, int, int, bool], Frame] = OrderedDict()

    def kind(self, number: int) -> str:
        """What sprite `number` is; it is not drawn for that."""
        return draw_kind(self._of_sprite(number))

    def sprite(self, number: int) -> Sprite:
        """Sprite `number`."""
        if number not in self._sprites:
            drawn = draw_sprite(self._of_sprite(number), photographs=self.photographs)
            self._sprites[number] = drawn
            if len(self._sprites) > self._keep:
                self._sprites.popitem(last=False)
        return self._sprites[number]

    def _of_sprite(self, number: int) -> Random:
        return np.random.default_rng([self._seed, 1, number])

    def solid(self, number: int) -> Sprite:
        """Vehicle `number` of those with three dimensions."""
        if number not in self._solids:
            rng = np.random.default_rng([self._seed, 5, number])
            self._solids[number] = solid_sprite(draw_solid(rng))
            if len(self._solids) > self._keep // 4:
                self._solids.popitem(last=False)
        return self._solids[number]

    def place(self, number: int, width: int, height: int, ground: Ground | None = None) -> Frame:
        """Background `number`, [1.6 H, 1.6 W, 3] uint8: larger than the frame, to pan over.

        With a ground it is a street in perspective; a number has one ground.
        """
        key = (number, width, height, ground is not None)
        if key not in self._places:
            rng = np.random.default_rng([self._seed, 2, number])
            rows, columns = int(height * 1.6), int(width * 1.6)
            if ground is None:
                drawn = background(rng, rows, columns, self.photographs)
            else:
                drawn = street(rng, rows, columns, ground, self.photographs)
            self._places[key] = drawn.astype(np.uint8)
            if len(self._places) > max(1, self._keep // 8):
                self._places.popitem(last=False)
        return self._places[key]


@dataclass(frozen=True)
class Scene:
    """Everything that is decided before the first frame is drawn.

    Attributes:
        width: of the frame, pixels.
        height: of the frame, pixels.
        place: [H', W', 3] uint8 background, its middle is the world's origin.
        front: [H', W', 4] uint8 scenery in front of all objects, or None.
        parallax: how much faster than the ground the scenery in front moves with the camera.
        light: [H', W'] uint8 brightness of the world (128 is neutral), or None.
        shadow: darkness of the contact shadows, 0..1.
        camera: its path.
        crowd: the objects' motion.
        sprites: one per object.
        scales: [N] canvas pixels -> world units at relative size 1.
        optics: of the camera.
        frame_rate: frames per second that the motion was simulated with.
        shutter: share of the time between two frames in which light is gathered; blurs motion.
        ground: the plane that everything moves on, or None in a flat scene.
        seed: of the noise that varies from frame to frame.
    """

    width: int
    height: int
    place: Frame
    front: Frame | None
    parallax: float
    light: NDArray[np.uint8] | None
    shadow: float
    camera: CameraPath
    crowd: Crowd
    sprites: list[Sprite]
    scales: NDArray[np.float64]
    optics: Optics
    frame_rate: float
    seed: tuple[int, ...]
    shutter: float = 0.0
    ground: Ground | None = None

    def __len__(self) -> int:
        return len(self.camera.zoom)

    def frames(self, times: Iterable[int] | None = None) -> Iterator[Labelled]:
        """Draw frames in order, one at a time.

        Args:
            times: which, each in 0..T-1; None: all. The noise of a frame depends on how many were
                drawn before it.
        """
        rng = np.random.default_rng(self.seed)
        for t in range(len(self)) if times is None else times:
            clean, boxes, visibility = self._draw(t)
            yield Labelled(self.optics.apply(clean, rng), boxes, visibility)

    def _draw(self, t: int) -> tuple[Frame, NDArray[np.float64], NDArray[np.float64]]:
        view = self.camera.matrix(t, self.width, self.height)
        frame = self._warp(self.place, view, cv2.BORDER_REFLECT_101)
        before = view
        if self.shutter > 0 and t:
            before = self.camera.matrix(t - 1, self.width, self.height)
            pan = (view - before)[:, 2] + (view - before)[:, :2] @ self.camera.centre[t]
            frame = smear(frame, pan * self.shutter)
        owner = np.full((self.height, self.width), FOREGROUND - 1, np.uint8)
        count = len(self.sprites)
        boxes, area = np.zeros((count, 4)), np.ones(count)
        for n in np.argsort(self.crowd.depth[t]):
            boxes[n], area[n] = self._paint(frame, owner, int(n), t, view, before)
        if self.light is not None:
            light = self._warp(self.light, view, cv2.BORDER_REFLECT_101)
            frame = cv2.multiply(frame, cv2.merge([light] * 3), scale=1 / 128)
        if self.front is not None:
            closer = self.camera.matrix(t, self.width, self.height)
            closer[:, 2] -= closer[:, :2] @ (self.camera.centre[t] * (self.parallax - 1))
            layer = self._warp(self.front, closer, cv2.BORDER_CONSTANT)
            blend(frame, layer)
            owner[layer[..., 3] > 127] = FOREGROUND
        seen = np.bincount(owner.ravel(), minlength=256)[:count]
        return frame, boxes, np.minimum(1.0, seen / np.maximum(area, 1))

    def _warp(self, image: Frame, view: NDArray[np.float64], border: int) -> Frame:
        """World image -> frame; the image's middle is the world's origin."""
        shifted = view.copy()
        middle = np.array([image.shape[1] / 2, image.shape[0] / 2])
        shifted[:, 2] -= view[:, :2] @ middle
        size = (self.width, self.height)
        return np.asarray(cv2.warpAffine(image, shifted, size, borderMode=border), np.uint8)

    def _paint(
        self,
        frame: Frame,
        owner: NDArray[np.uint8],
        n: int,
        t: int,
        view: NDArray[np.float64],
        before: NDArray[np.float64],
    ) -> tuple[NDArray[np.float64], float]:
        """Draw object n in place; returns its amodal box [4] and its area in pixels."""
        look = self._look(n, t)
        turn = look.turn
        middle = view[:, :2] @ look.place + view[:, 2]
        shift = middle - turn @ look.origin
        outline = look.hull @ turn.T + shift
        box = np.concatenate([outline.min(0), outline.max(0)])
        label = box
        if look.bounds is not None:
            corners = look.bounds.reshape(2, 2) @ turn.T + shift
            label = np.concatenate([corners.min(0), corners.max(0)])
        moved = np.zeros(2)
        if self.shutter > 0 and t:
            step = self.crowd.position[t - 1, n] - self.crowd.position[t, n]
            was = before[:, :2] @ (look.place + step) + before[:, 2]
            moved = (middle - was) * self.shutter
        room = np.ceil(np.abs(moved) / 2).astype(int) + 1
        x0, y0 = np.maximum(np.floor(box[:2]).astype(int) - room, 0)
        x1 = min(self.width, int(np.ceil(box[2])) + int(room[0]))
        y1 = min(self.height, int(np.ceil(box[3])) + int(room[1]))
        if x1 > x0 and y1 > y0:
            if self.shadow > 0:
                self._cast_shadow(frame, box)
            to_patch = np.hstack([turn, (shift - (x0, y0))[:, None]])
            layer = cv2.warpAffine(look.image, to_patch, (x1 - x0, y1 - y0))
            layer = smear(np.asarray(layer, np.uint8), moved)
            blend(frame[y0:y1, x0:x1], layer)
            owner[y0:y1, x0:x1][layer[..., 3] > 127] = n
        covered = look.area * abs(turn[0, 0] * turn[1, 1] - turn[0, 1] * turn[1, 0])
        return label, float(covered)

    def _look(self, n: int, t: int) -> _Look:
        """How object n is drawn at time t."""
        sprite, place = self.sprites[n], self.crowd.position[t, n]
        size = self.scales[n] * self.crowd.height[t, n]
        scale, heading = size * self.camera.zoom[t], self.crowd.heading[t, n]
        if sprite.solid is not None and self.ground is not None:
            foot = place + np.array([0, sprite.size[1] * size / 2])
            seen = sprite.solid.view(*self.ground.sight(foot, heading))
            return _Look(seen.image, seen.hull, None, seen.area, np.eye(2) * scale, seen.foot, foot)
        k = int(self.crowd.phase[t, n] / (2 * np.pi) * PHASES) % PHASES
        bounds = None
        if sprite.upright:
            flip = -1.0 if np.cos(heading) < 0 else 1.0
            turn = np.array([[scale * flip * self.crowd.breadth[t, n], 0], [0, scale]])
            bounds = sprite.bounds[k]  # see sprites.draw_sprite: not every swing of an arm counts
        else:
            angle = heading + self.camera.roll[t]
            c, s = np.cos(angle) * scale, np.sin(angle) * scale
            turn = np.array([[c, -s], [s, c]])
        origin = (sprite.bounds[:, :2].mean(0) + sprite.bounds[:, 2:].mean(0)) / 2
        return _Look(sprite.images[k], sprite.hulls[k], bounds, sprite.area[k], turn, origin, place)

    def _cast_shadow(self, frame: Frame, box: NDArray[np.float64]) -> None:
        width, height = box[2] - box[0], box[3] - box[1]
        centre = np.array([(box[0] + box[2]) / 2 + 0.2 * width, box[3] - 0.03 * height])
        axes = np.array([0.6 * width, 0.09 * min(height, 2 * width)])
        low = np.maximum(centre - axes - 1, 0).astype(int)
        high = np.minimum(centre + axes + 2, (self.width, self.height)).astype(int)
        if (high > low).all():
            y, x = np.mgrid[low[1] : high[1], low[0] : high[0]]
            inside = ((x - centre[0]) / axes[0]) ** 2 + ((y - centre[1]) / axes[1]) ** 2
            dark = 1 - self.shadow * np.clip(1.2 - inside, 0, 1)[..., None]
            patch = frame[low[1] : high[1], low[0] : high[0]]
            patch[:] = (patch * dark).astype(np.uint8)
