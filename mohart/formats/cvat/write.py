"""Annotation -> CVAT "for video 1.1" XML; see `read` for the conventions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from mohart.formats.annotation import Annotation, Losses, Rendered, exact, number
from mohart.formats.class_names import class_name, numbers_of, vocabulary_of
from mohart.formats.cvat.read import OWN_ATTRIBUTES, VOCABULARIES
from mohart.formats.markup import escaped

TextOf = Callable[[int], str]


def render_cvat(record: Annotation) -> Rendered:
    """CVAT XML with up to six decimals, every box a key frame.

    Returns:
        The text; frame rate and class numbers of other vocabularies are lost.
    """
    losses = Losses(record, "CVAT")
    losses.header("size", "length")
    losses.class_numbers(numbers_of(vocabulary_of(record.classes.values(), *VOCABULARIES)))
    parts = ['<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n']
    parts += _meta(record)
    texts = _attribute_texts(record)
    for rows in _tracks(record):
        parts += _track(record, rows, texts)
    parts.append("</annotations>\n")
    return Rendered("".join(parts), losses.found)


def _meta(record: Annotation) -> Iterator[str]:
    yield f"  <meta>\n    <task>\n      <name>{escaped(record.name)}</name>\n"
    yield f"      <size>{record.frames}</size>\n      <mode>interpolation</mode>\n"
    if record.frames:
        yield "      <start_frame>0</start_frame>\n"
        yield f"      <stop_frame>{record.frames - 1}</stop_frame>\n"
    yield "      <labels>\n"
    for label in record.classes.values():
        yield f"        <label>\n          <name>{escaped(label)}</name>\n          <attributes>\n"
        for name in (*OWN_ATTRIBUTES, *record.extras):
            yield f"            <attribute>\n              <name>{escaped(name)}</name>\n"
            yield "              <mutable>True</mutable>\n              <input_type>text"
            yield "</input_type>\n            </attribute>\n"
        yield "          </attributes>\n        </label>\n"
    yield "      </labels>\n"
    if record.width is not None and record.height is not None:
        yield f"      <original_size>\n        <width>{record.width}</width>\n"
        yield f"        <height>{record.height}</height>\n      </original_size>\n"
    yield "    </task>\n  </meta>\n"


def _tracks(record: Annotation) -> Iterator[NDArray[np.int64]]:
    """Rows of every track: one id and one class; boxes without identity one by one."""
    tracks = record.tracks
    alone = np.where(record.has_identity, 0, np.arange(1, len(tracks) + 1))
    order = np.lexsort((tracks.frame, tracks.class_id, alone, tracks.track_id))
    keys = np.stack([tracks.track_id, tracks.class_id, alone], -1)[order]
    starts = np.flatnonzero(np.any(keys[1:] != keys[:-1], axis=1)) + 1
    if len(order):
        yield from np.split(order, starts)


def _attribute_texts(record: Annotation) -> dict[str, tuple[NDArray[np.bool_], TextOf]]:
    """Name -> which rows have a value worth saying [K], and the text of a row."""
    tracks = record.tracks
    texts: dict[str, tuple[NDArray[np.bool_], TextOf]] = {
        "visibility": (tracks.visibility != 1, lambda k: exact(tracks.visibility[k])),
        "ignored": (tracks.ignored, lambda k: "true" if tracks.ignored[k] else "false"),
        "confidence": (tracks.confidence != 1, lambda k: exact(tracks.confidence[k])),
    }
    for name, values in record.extras.items():
        said = np.array([value != "" for value in values], bool)
        texts[name] = (said, lambda k, values=values: escaped(values[k]))  # type: ignore[misc]
    return texts


def _track(
    record: Annotation,
    rows: NDArray[np.int64],
    texts: dict[str, tuple[NDArray[np.bool_], TextOf]],
) -> Iterator[str]:
    tracks = record.tracks
    label = class_name(record.classes, int(tracks.class_id[rows[0]]))
    yield f'  <track id="{tracks.track_id[rows[0]]}" label="{escaped(label)}" source="mohart">\n'
    said = {name: text for name, (worth, text) in texts.items() if worth[rows].any()}
    frames = tracks.frame[rows].tolist()
    for place, (k, frame) in enumerate(zip(rows.tolist(), frames, strict=True)):
        yield _box(record, k, frame, False)
        for name, text in said.items():
            yield f'      <attribute name="{escaped(name)}">{text(k)}</attribute>\n'
        yield "    </box>\n"
        after = frames[place + 1] if place + 1 < len(frames) else record.frames
        if after > frame + 1:
            yield _box(record, k, frame + 1, True) + "    </box>\n"
    yield "  </track>\n"


def _box(record: Annotation, k: int, frame: int, outside: bool) -> str:
    corners = " ".join(
        f'{name}="{number(pixel)}"'
        for name, pixel in zip(("xtl", "ytl", "xbr", "ybr"), record.tracks.boxes[k], strict=True)
    )
    occluded = int(record.tracks.visibility[k] < 1)
    return (
        f'    <box frame="{frame}" outside="{int(outside)}" occluded="{occluded}" keyframe="1" '
        f'{corners} z_order="0">\n'
    )
