"""Counting: who crosses a line, enters a zone or leaves it, and when.

An object counts where it is seen or expected to be (active or predicted). What trembles around a
border is not counted again and again: an object has changed its side only when its point lies
beyond the border by a part of its own size. Somebody who was out of sight in between, and is known
again, has crossed what lies between the two points.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np

from mohart.regions import Line, Points, Regions, Zone, anchors
from mohart.structures import ACTIVE, PREDICTED, TrackedObjects

MARGIN = 0.05  # of the box's size (square root of its area) that a point has to be beyond a border
CROSSED, ENTERED, LEFT = "crossed", "entered", "left"
HEADER = ("frame", "track_id", "class_id", "event", "where", "direction", "x", "y")
Side = Literal[-1, 1]


class Event(NamedTuple):
    """Something that is counted.

    Attributes:
        frame: zero-based.
        track_id: who.
        class_id: what; -1 where not known.
        kind: `crossed` (a line), `entered` or `left` (a zone).
        where: name of the line or zone.
        direction: of a crossing `to_right` or `to_left`, seen from the line's first point towards
            its second; empty for zones.
        x: of the point that counts, pixels.
        y: the same.
    """

    frame: int
    track_id: int
    class_id: int
    kind: str
    where: str
    direction: str
    x: float
    y: float


@dataclass
class EventCounter:
    """Counts, frame after frame.

    Args:
        regions: what is watched.

    Attributes:
        counts: (name, kind or direction) -> events so far.
    """

    regions: Regions
    counts: Counter[tuple[str, str]] = field(default_factory=Counter, init=False)
    _sides: dict[tuple[str, int], Side] = field(default_factory=dict, init=False)
    _points: dict[tuple[str, int], Points] = field(default_factory=dict, init=False)

    def add(self, frame: int, tracks: TrackedObjects) -> list[Event]:
        """The events of the next frame (zero-based), in the order of the regions."""
        somewhere = np.isfinite(tracks.xyxy).all(1)
        shown = tracks.select(np.isin(tracks.state, (ACTIVE, PREDICTED)) & somewhere)
        points = anchors(shown.xyxy, self.regions.anchor)
        room = MARGIN * np.sqrt(np.maximum((shown.xyxy[:, 2:] - shown.xyxy[:, :2]).prod(1), 0))
        found = []
        for n in range(len(shown)):
            who = int(shown.tracker_id[n]), int(shown.class_id[n])
            for line in self.regions.lines:
                found += self._cross(line, frame, who, points[n], float(room[n]))
            for zone in self.regions.zones:
                found += self._visit(zone, frame, who, points[n], float(room[n]))
        return found

    def to_dict(self) -> dict[str, Any]:
        """For run.json: counts by the name of the line or zone."""
        said: dict[str, Any] = {}
        for line in self.regions.lines:
            kinds = ("to_right", "to_left")
            said[line.name] = {kind: self.counts[line.name, kind] for kind in kinds}
        for zone in self.regions.zones:
            kinds = (ENTERED, LEFT)
            said[zone.name] = {kind: self.counts[zone.name, kind] for kind in kinds}
        return said

    def _cross(
        self, line: Line, frame: int, who: tuple[int, int], point: Points, room: float
    ) -> list[Event]:
        away, key = line.side(point), (line.name, who[0])
        if abs(away) < room or away == 0:
            return []
        side, before = _side(away), self._sides.get(key)
        was, self._sides[key], self._points[key] = self._points.get(key), side, point
        if before in (None, side) or was is None or not line.is_met(was, point):
            return []
        direction = "to_right" if side > 0 else "to_left"
        self.counts[line.name, direction] += 1
        return [_event(frame, who, CROSSED, line.name, direction, point)]

    def _visit(
        self, zone: Zone, frame: int, who: tuple[int, int], point: Points, room: float
    ) -> list[Event]:
        """Who appears inside has not entered: nobody knows from where."""
        depth, key = zone.depth(point), (zone.name, who[0])
        if abs(depth) < room or depth == 0:
            return []
        side, before = _side(depth), self._sides.get(key)
        self._sides[key] = side
        if before in (None, side):
            return []
        kind = ENTERED if side > 0 else LEFT
        self.counts[zone.name, kind] += 1
        return [_event(frame, who, kind, zone.name, "", point)]


def _side(away: float) -> Side:
    return 1 if away > 0 else -1


def _event(
    frame: int, who: tuple[int, int], kind: str, where: str, direction: str, point: Points
) -> Event:
    return Event(
        frame, *who, kind, where, direction, round(float(point[0]), 2), round(float(point[1]), 2)
    )
