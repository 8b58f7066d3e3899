"""Annotation -> UA-DETRAC XML; see `read` for the conventions."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mohart.boxes import xyxy_to_xywh
from mohart.formats.annotation import DECIMALS, Annotation, Losses, Rendered, exact, number
from mohart.formats.class_names import DONT_CARE_NAME, numbers_of, vocabulary_of
from mohart.formats.detrac.read import OWN_ATTRIBUTES, SIDES, VOCABULARIES
from mohart.formats.markup import escaped

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def render_detrac(record: Annotation) -> Rendered:
    """UA-DETRAC XML with up to six decimals, all frames listed.

    Returns:
        The text; boxes without identity are lost, but for DontCare that stays in its place in all
        frames, which becomes an ignored region.
    """
    losses = Losses(record, "UA-DETRAC")
    regions, in_region = _regions(record)
    kept = record.has_identity
    losses.rows(~kept & ~in_region, "identity", "needs one, boxes without are left out")
    losses.header("length")
    extras = [name for name in record.extras if _NAME.fullmatch(name)]
    extras = [name for name in extras if name not in OWN_ATTRIBUTES]
    losses.extras(*extras)
    used = {name for name, row in zip(record.row_names, kept | in_region, strict=True) if row}
    losses.class_numbers(numbers_of(vocabulary_of(used, *VOCABULARIES)))
    parts = [f'<?xml version="1.0" encoding="utf-8"?>\n<sequence name="{escaped(record.name)}">\n']
    if len(regions):
        parts.append("  <ignored_region>\n")
        parts += [f"    <box {_sides(box)}/>\n" for box in regions]
        parts.append("  </ignored_region>\n")
    parts += _frames(record, np.flatnonzero(kept), extras)
    parts.append("</sequence>\n")
    return Rendered("".join(parts), losses.found)


def _regions(record: Annotation) -> tuple[list[list[float]], NDArray[np.bool_]]:
    """Boxes to be ignored in all frames (left, top, width, height), and the rows they come from."""
    tracks = record.tracks
    name = np.array([found == DONT_CARE_NAME for found in record.row_names], bool)
    candidate = ~record.has_identity & tracks.ignored & name
    candidate &= (tracks.visibility == 1) & (tracks.confidence == 1)
    for texts in record.extras.values():
        candidate &= np.array([text == "" for text in texts], bool)
    rows: dict[tuple[float, ...], list[int]] = {}
    boxes_xywh = np.round(xyxy_to_xywh(tracks.boxes), DECIMALS) + 0.0
    for k in np.flatnonzero(candidate).tolist():
        rows.setdefault(tuple(boxes_xywh[k].tolist()), []).append(k)
    in_region = np.zeros(len(tracks), bool)
    regions = []
    for box, members in rows.items():
        if len(members) == record.frames == len(set(tracks.frame[members].tolist())):
            in_region[members] = True
            regions.append(list(box))
    return regions, in_region


def _sides(box_xywh: list[float]) -> str:
    return " ".join(
        f'{side}="{number(value)}"' for side, value in zip(SIDES, box_xywh, strict=True)
    )


def _frames(record: Annotation, rows: NDArray[np.int64], extras: list[str]) -> Iterator[str]:
    tracks = record.tracks
    cuts = np.searchsorted(tracks.frame[rows], np.arange(record.frames + 1))
    names = record.row_names
    boxes_xywh = xyxy_to_xywh(tracks.boxes)
    for frame in range(record.frames):
        members = rows[cuts[frame] : cuts[frame + 1]].tolist()
        yield f'  <frame density="{len(members)}" num="{frame + 1}">\n    <target_list>\n'
        for k in members:
            attributes = {name: record.extras[name][k] for name in extras}
            if tracks.visibility[k] != 1:
                attributes["visibility"] = exact(tracks.visibility[k])
            if tracks.confidence[k] != 1:
                attributes["confidence"] = exact(tracks.confidence[k])
            attributes |= {"ignored": "true"} if tracks.ignored[k] else {}
            attributes["vehicle_type"] = names[k]
            said = " ".join(f'{n}="{escaped(text)}"' for n, text in attributes.items() if text)
            yield f'      <target id="{tracks.track_id[k]}">\n'
            yield f"        <box {_sides(boxes_xywh[k].tolist())}/>\n"
            yield f"        <attribute {said}/>\n      </target>\n"
        yield "    </target_list>\n  </frame>\n"
