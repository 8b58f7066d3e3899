"""Findings on one HTML page: text, tables and pictures; nothing is loaded from elsewhere."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass

from mohart.ablation.page import STYLE

POLICY = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Picture:
    """A picture in the page.

    Attributes:
        caption: what it shows.
        data: its bytes.
        kind: media type.
    """

    caption: str
    data: bytes
    kind: str = "image/png"


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes:
        title: of the part.
        text: paragraphs.
        pictures: in order.
        table: rows of cells, the first is the head.
        verbatim: text that is shown as it is, in letters of equal width.
    """

    title: str
    text: Sequence[str] = ()
    pictures: Sequence[Picture] = ()
    table: Sequence[Sequence[str]] = ()
    verbatim: str = ""


def to_page(title: str, sections: Sequence[Section]) -> str:
    """The page's text; whatever comes from files is escaped."""
    body = [f"<h1>{html.escape(title)}</h1>"]
    for section in sections:
        body.append(f"<h2>{html.escape(section.title)}</h2>")
        body += [f"<p>{html.escape(text)}</p>" for text in section.text]
        body += [_picture(picture) for picture in section.pictures]
        if section.table:
            body.append(_table(section.table))
        if section.verbatim:
            body.append(f"<pre>{html.escape(section.verbatim)}</pre>")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _picture(picture: Picture) -> str:
    data = base64.b64encode(picture.data).decode("ascii")
    caption = html.escape(picture.caption)
    return (
        f'<figure class="wide"><img src="data:{picture.kind};base64,{data}" alt="{caption}">'
        f'<figcaption class="soft">{caption}</figcaption></figure>'
    )


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *rest = rows
    lines = ["<tr>" + "".join(f"<th>{html.escape(cell)}</th>" for cell in head) + "</tr>"]
    for row in rest:
        lines.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>")
    return '<div class="wide"><table>' + "\n".join(lines) + "</table></div>"
