"""Colours, line patterns and labels of identities: never told apart by colour alone.

The colours are those of Okabe and Ito without black. Under the colour-vision deficiencies of
Machado et al. the two that are hardest to tell apart are 16 apart in L*a*b*, and they are in the
order in which neighbouring ids are furthest apart: at least 24. After seven ids the same colours
come again with another line pattern, after 28 with the same one; the label is always written beside
it.

Source: Okabe and Ito 2008, "Color Universal Design"; the distances: Machado et al. 2009 (severity
1, protanopia, deuteranopia, tritanopia), CIE 1976 colour difference; tests/test_palette.py computes
them.
"""

from __future__ import annotations

COLOURS = ("#e69f00", "#009e73", "#f0e442", "#cc79a7", "#d55e00", "#56b4e9", "#0072b2")
DASHES = ("", "8 4", "2 4", "10 4 2 4")  # of SVG's stroke-dasharray, in line widths of about 2
DARK_INK, LIGHT_INK = "#111111", "#ffffff"
TENTATIVE_LABEL = "?"


def colour_hex(track_id: int) -> str:
    """The colour of an identity as `#rrggbb`; it depends on the id alone.

    >>> colour_hex(1), colour_hex(8) == colour_hex(1)
    ('#009e73', True)
    """
    return COLOURS[track_id % len(COLOURS)]


def dash(track_id: int) -> str:
    """The line pattern of an identity for SVG's `stroke-dasharray`; empty: a solid line.

    >>> dash(1), dash(8)
    ('', '8 4')
    """
    return DASHES[track_id // len(COLOURS) % len(DASHES)]


def ink_hex(track_id: int) -> str:
    """The colour of text on a plate of the identity's colour, with a contrast of at least 4.5.

    >>> ink_hex(1), ink_hex(6)
    ('#111111', '#ffffff')
    """
    return LIGHT_INK if colour_hex(track_id) == "#0072b2" else DARK_INK


def label(track_id: int) -> str:
    """What stands beside the colour.

    >>> label(12), label(-1)
    ('12', '?')
    """
    return TENTATIVE_LABEL if track_id < 0 else str(track_id)


def colour_bgr(track_id: int) -> tuple[int, int, int]:
    """The same colour as OpenCV takes it: blue, green, red in 0..255.

    >>> colour_bgr(6)
    (178, 114, 0)
    """
    text = colour_hex(track_id)
    red, green, blue = (int(text[k : k + 2], 16) for k in (1, 3, 5))
    return blue, green, red
