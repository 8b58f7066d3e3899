"""The page: one HTML file that needs nothing else, safe whatever the files say.

Names from files are escaped by the template; what the script is told is JSON without `<`. A
Content-Security-Policy lets only this page's own script run and loads nothing from elsewhere.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import numpy as np

from mohart.metrics.rules import Protocol
from mohart.metrics.scores import COMBINED, ScoreRow, Scores
from mohart.report.content import KINDS, Shown, picture_data, script_data
from mohart.report.truth import ErrorRow
from mohart.structures import LOST, PREDICTED
from mohart.versions import __version__

SCRIPTS = ("data.js", "viewer.js", "timeline.js", "errors.js", "moments.js", "main.js")
MAIN = ("HOTA", "MOTA", "IDF1")
TILES = {
    "HOTA": "detection and identity together",
    "MOTA": "1 minus errors per true box",
    "IDF1": "boxes with the right identity",
    "DetA": "how well objects are found",
    "AssA": "how well identities hold",
    "MOTP": "IoU of matched boxes",
    "IDSW": "identity switches",
    "Frag": "interruptions",
    "FP": "false positives",
    "FN": "misses",
}
PERCENT = ("HOTA", "MOTA", "IDF1", "DetA", "AssA", "MOTP")


@dataclass(frozen=True, kw_only=True)
class Page:
    """What is on the page beside the videos.

    Attributes:
        title: heading.
        facts: short texts below it.
        notes: what the reader should know, one sentence each.
        scores: of all sequences; None without ground truth.
        footer: a sentence.
    """

    title: str
    facts: Sequence[str] = ()
    notes: Sequence[str] = ()
    scores: Scores | None = None
    footer: str = ""


def render_page(page: Page, sequences: Sequence[Shown]) -> str:
    """The whole file.

    Args:
        page: what is said once.
        sequences: at least one.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined
    from markupsafe import Markup

    script = "(() => {\n'use strict';\n" + "\n".join(map(_part, SCRIPTS)) + "\n})();\n"
    data: list[tuple[str, Markup]] = []
    for n, shown in enumerate(sequences):
        data.append((f"data-{n}", Markup(safe_json(script_data(shown)))))
    if page.scores is not None:
        data.append(("scores", Markup(safe_json(_score_data(page.scores)))))
    for n, shown in enumerate(sequences):  # megabytes: behind all that is seen first
        data.append((f"pictures-{n}", Markup(safe_json(picture_data(shown)))))
    environment = Environment(
        loader=PackageLoader("mohart.report", "page"), autoescape=True, undefined=StrictUndefined
    )
    classes = () if page.scores is None else page.scores.protocol.classes
    text = environment.get_template("page.html").render(
        policy=policy_of(script),
        version=__version__,
        title=page.title,
        facts=page.facts,
        notes=page.notes,
        scores=[] if page.scores is None else _score_tables(page.scores),
        sequences=[_section(shown, several_classes=len(classes) > 1) for shown in sequences],
        footer=page.footer,
        data=data,
        style=Markup(_part("page.css")),  # the package's own
        script=Markup(script),
    )
    return text.encode("utf-8", "replace").decode("utf-8")  # paths may hold any bytes


def _part(name: str) -> str:
    return (files("mohart.report") / "page" / name).read_text("utf-8")


def policy_of(script: str) -> str:
    """A Content-Security-Policy under which this script runs and no other."""
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    allowed = {
        "default-src": "'none'",
        "img-src": "data: 'self' file:",
        "style-src": "'unsafe-inline'",
        "script-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in allowed.items())


def safe_json(content: Any) -> str:
    r"""JSON that can stand in a script element: no `<`, `>`, `&` and no line separators.

    >>> safe_json({"a": "</script>"})
    '{"a":"\\u003c/script\\u003e"}'
    """
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _score_data(scores: Scores) -> list[dict[str, Any]]:
    """Sequence, class and the table's numbers in full precision, for programs."""
    return [
        {"sequence": row.sequence, "class": row.class_name, "scores": dict(row.scores)}
        for row in scores.rows
    ]


def _score_tables(scores: Scores) -> list[dict[str, Any]]:
    tables = []
    for class_name in scores.protocol.classes:
        rows = [row for row in scores.rows if row.class_name == class_name]
        if len(scores.dataset.sequences) == 1:
            rows = [row for row in rows if row.sequence == COMBINED]
        combined = scores.row(class_name)
        tables.append(
            {
                "class_name": class_name,
                "tiles": [_tile(combined, name) for name in TILES],
                "columns": list(combined.scores),
                "rows": [
                    {"name": row.sequence, "cells": [_cell(v) for v in row.scores.values()]}
                    for row in rows
                ],
                "rules": _rules(scores.protocol),
            }
        )
    return tables


def _rules(protocol: Protocol) -> str:
    rules = "; ".join(protocol.ignore_rules)
    return (
        f"Rules: {protocol.name} ({protocol.benchmark}), a box is found from IoU "
        f"{protocol.iou_threshold} on{'; ' if rules else ''}{rules}. Shares are in percent."
    )


def _tile(row: ScoreRow, name: str) -> dict[str, Any]:
    value = row.scores[name]
    text = "-" if value is None else f"{value:.1f}" if name in PERCENT else f"{value}"
    return {"name": name, "value": text, "meaning": TILES[name], "main": name in MAIN}


def _cell(value: float | int | None) -> str:
    """As the table of `mohart eval` has it."""
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _section(shown: Shown, *, several_classes: bool) -> dict[str, Any]:
    has_film = shown.pictures is not None and bool(shown.pictures.film)
    return {
        "name": shown.name,
        "length": shown.length,
        "width": shown.width,
        "height": shown.height,
        "has_film": has_film,
        "has_truth": shown.truth is not None,
        "legend": _legend(shown),
        "timeline_height": _timeline_height(shown),
        "errors": None
        if shown.errors is None
        else [_error(shown, n, row, several_classes) for n, row in enumerate(shown.errors)],
        "error_text": _error_text(shown, has_film),
        "kinds": _kinds(shown.errors or ()),
        "columns": [
            {"key": key, "name": name}
            for key, name in (
                ("kind", "Error"),
                ("id", "Who"),
                ("first", "Frames"),
                ("count", "Count"),
                ("iou", "IoU"),
            )
        ],
        "moments": bool(shown.moments),
        "moment_text": shown.moment_text,
    }


def _timeline_height(shown: Shown) -> int:
    """Pixels that the script will need, kept free so that nothing jumps: see page.css."""
    kinds = {row.kind for row in shown.errors or ()}
    lanes = 1 + len(kinds) + len(np.unique(shown.tracks.track_id))
    return 24 * lanes + 58 * (1 if shown.quality is None else 2)


def _error_text(shown: Shown, has_film: bool) -> str:
    text = (
        "The same error in frames that follow each other is one row. IoU is the overlap with the "
        "matched box, for misses and false positives with the nearest one."
    )
    if not has_film or shown.pictures is None:
        return text
    text += (
        " In the pictures, coloured boxes are the result, white dashes the ground truth; frames "
        "with a bar are those of the error."
    )
    without = len(shown.errors or ()) - len(shown.pictures.strips)
    if without:
        text += f" {without} rows have no pictures, to keep this page small."
    return text


def _kinds(errors: Sequence[ErrorRow]) -> list[dict[str, Any]]:
    found = []
    for kind, (sign, name, _) in KINDS.items():
        rows = [row for row in errors if row.kind == kind]
        count = sum(row.count for row in rows)
        found.append({"kind": kind, "sign": sign, "name": name, "count": count, "rows": len(rows)})
    return found


def _error(shown: Shown, index: int, row: ErrorRow, several_classes: bool) -> dict[str, Any]:
    sign, name, _ = KINDS[row.kind]
    if row.kind == "miss":
        who, text = row.truth_id, f"true object {row.truth_id}"
    elif row.kind == "switch":
        who = row.result_id
        text = f"true object {row.truth_id}: {row.previous_id} becomes {row.result_id}"
    else:
        who, text = row.result_id, f"id {row.result_id}"
    one = row.first == row.last
    strip = None if shown.pictures is None else shown.pictures.strips.get(index)
    return {
        "kind": row.kind,
        "sign": sign,
        "name": name,
        "text": text,
        "class_name": row.class_name if several_classes else "",
        "id": who,
        "first": row.first + 1,
        "when": f"frame {row.first + 1}" if one else f"frames {row.first + 1} to {row.last + 1}",
        "count": row.count,
        "iou": f"{row.iou:.2f}",
        "tiles": [
            {"frame": frame + 1, "inside": row.first <= frame <= row.last}
            for frame in (strip.frames if strip else ())
        ],
    }


def _legend(shown: Shown) -> list[dict[str, str]]:
    states = set(shown.state.tolist())
    sure = "active: seen" if "active" in states else "followed"
    found = [{"look": "span", "sign": "", "text": sure}]
    if PREDICTED in states:
        found.append({"look": "span predicted", "sign": "", "text": "predicted: hidden for now"})
    if LOST in states:
        found.append({"look": "span lost", "sign": "", "text": "lost"})
    if len(shown.keyframes.drawn):
        found.append({"look": "key", "sign": "◆", "text": "drawn by a person"})
    if len(shown.keyframes.ended):
        found.append({"look": "key", "sign": "■", "text": "ended by a person"})
    if shown.errors:
        found.append({"look": "key", "sign": "⇄", "text": "takes over another's object"})
        found.append({"look": "key", "sign": "▁", "text": "bar below: false positive"})
    if shown.truth is not None:
        found.append({"look": "key", "sign": "┄", "text": "dashed in the chart: ground truth"})
    return found
