"""Random damage to texts, structured values and bytes; the same generator does the same again."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from typing import Any

import numpy as np

Generator = np.random.Generator
NUMBER = re.compile(r"-?[0-9]+\.?[0-9]*")
STRANGE = (
    *("", " ", "nan", "inf", "-inf", "1e400", "-1", "0", "1e18", "9" * 40, "0.5", "x", "1,2", "٣"),
    *("1e-300", "-0", "+5", "1_000", "0x10", "NULL", "\x00", "\x0c", "Car", "DontCare", "1e9"),
    *("2e9", "~", "yes", "[", "{}", "*a", "&a 1", "!!python/object:x", "1:30", "../x", "\x1b[31m"),
)
ODD: tuple[Any, ...] = (
    *(None, True, False, -1, 0, 1, 0.5, 1e18, -1e300, float("inf"), float("nan"), 2**31, 2**63),
    *(2**70, -(2**63), "", "x", "nan", "-1", "1e400", "\x00", "\x1b[31m", "٣", [], {}, [[]], [0]),
    *([None], {"x": 1}, [1e9] * 4, "9" * 400),
)


def damage_text(text: str, generator: Generator) -> bytes:
    """One to three random damages to lines, fields and letters."""
    for _ in range(int(generator.integers(1, 4))):
        text = pick(TEXT_DAMAGES, generator)(text, generator)
    encoded = text.encode("utf-8", "surrogatepass")
    if generator.random() < 0.05:
        place = int(generator.integers(len(encoded) + 1))
        encoded = encoded[:place] + generator.bytes(3) + encoded[place:]
    return encoded


def damage_json(text: str, generator: Generator) -> bytes:
    """Mostly other values in the same tree, now and then damaged text."""
    if generator.random() < 0.25:
        return damage_text(text, generator)
    return json.dumps(damage_values(json.loads(text), generator)).encode()


def damage_json_lines(text: str, generator: Generator) -> bytes:
    """Other values in one of the lines."""
    if generator.random() < 0.25:
        return damage_text(text, generator)
    lines = text.splitlines()
    n = int(generator.integers(len(lines)))
    lines[n] = json.dumps(damage_values(json.loads(lines[n]), generator))
    return "\n".join(lines).encode()


def damage_values(tree: Any, generator: Generator) -> Any:
    """A copy of nested lists and groups with one to three odd values, lost or renamed keys."""
    tree = copy.deepcopy(tree)
    for _ in range(int(generator.integers(1, 4))):
        places = list(_places(tree))
        if not places or generator.random() < 0.02:
            return copy.deepcopy(pick(ODD, generator))
        parent, key = places[int(generator.integers(len(places)))]
        match int(generator.integers(8)):
            case 0:
                del parent[key]
            case 1 if isinstance(parent, dict):
                parent[str(pick(STRANGE, generator))] = parent.pop(key)
            case 2:
                parent[key] = [copy.deepcopy(parent[key])] * int(generator.choice([0, 2, 50]))
            case 3:
                other = places[int(generator.integers(len(places)))]
                parent[key] = copy.deepcopy(
                    other[0].get(other[1]) if isinstance(other[0], dict) else other[0][other[1]]
                )
            case _:
                parent[key] = copy.deepcopy(pick(ODD, generator))
    return tree


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Every parent with each of its keys."""
    found: list[tuple[Any, Any]] = []
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        keys = list(node) if isinstance(node, dict) else range(len(node))
        if isinstance(node, (dict, list)):
            found += [(node, key) for key in keys]
            waiting += [node[key] for key in keys if isinstance(node[key], (dict, list))]
    return found


def damage_bytes(data: bytes, generator: Generator, head: int = 0) -> bytes:
    """Flipped bits, a cut end, bytes that are lost, doubled, foreign or zero.

    Args:
        data: whole.
        generator: decides.
        head: that many first bytes are hit as often as all others.
    """
    found = bytearray(data)
    reach = min(head, len(found)) if head and generator.random() < 0.5 else len(found)
    place = int(generator.integers(max(reach, 1)))
    length = int(generator.choice([1, 4, 64, 1000, 20000]))
    match int(generator.integers(7)):
        case 0 | 1:
            for n in generator.integers(max(reach, 1), size=int(generator.integers(1, 61))):
                if found:
                    found[int(n)] ^= 1 << int(generator.integers(8))
        case 2:
            del found[place:]
        case 3:
            del found[place : place + length]
        case 4:
            found[place:place] = found[place : place + length]
        case 5:
            found[place : place + length] = generator.bytes(min(length, len(found) - place))
        case _:
            found[place : place + length] = bytes(min(length, len(found) - place))
    return bytes(found)


def pick(choices: Any, generator: Generator) -> Any:
    """One of a sequence."""
    return choices[int(generator.integers(len(choices)))]


def _mark(text: str) -> str:
    return "," if "," in text else " "


def _field(text: str, generator: Generator) -> str:
    """Another value in one field, of one line or of all."""
    lines, mark = text.split("\n"), _mark(text)
    strange = pick(STRANGE, generator)
    column = int(generator.integers(18))
    everywhere = generator.random() < 0.2
    chosen = int(generator.integers(len(lines)))
    for n, line in enumerate(lines):
        fields = line.split(mark)
        if (everywhere or n == chosen) and column < len(fields):
            fields[column] = strange
            lines[n] = mark.join(fields)
    return "\n".join(lines)


def _value(text: str, generator: Generator) -> str:
    """Some numbers scaled or moved: usually still a valid file."""
    mark = _mark(text)
    column = int(generator.integers(2, 11))
    lines = text.split("\n")
    for n in np.flatnonzero(generator.random(len(lines)) < 0.1):
        fields = lines[n].split(mark)
        if column < len(fields) and NUMBER.fullmatch(fields[column]):
            number = float(fields[column]) * float(generator.choice([1, 0.5, -1, 3]))
            fields[column] = f"{number + generator.normal() * 9:.2f}"
            lines[n] = mark.join(fields)
    return "\n".join(lines)


def _word(text: str, generator: Generator) -> str:
    """Another value behind a colon, an equals sign or a quote, wherever that stands."""
    places = [n for n, letter in enumerate(text) if letter in ':="']
    if not places:
        return text
    start = pick(places, generator) + 1
    end = next((n for n in range(start, len(text)) if text[n] in '\n,"}]'), len(text))
    return f"{text[:start]}{pick((' ', ''), generator)}{pick(STRANGE, generator)}{text[end:]}"


def _some_lines(text: str, generator: Generator) -> str:
    """A random part of the lines, in another order."""
    lines = text.splitlines()
    kept = generator.permutation(len(lines))[: int(generator.integers(len(lines) + 1))]
    return "".join(f"{lines[n]}\n" for n in kept)


def _lines(text: str, generator: Generator) -> str:
    """Lines twice, gone, swapped, or cut."""
    lines = text.split("\n")
    n = int(generator.integers(len(lines)))
    match int(generator.integers(5)):
        case 0:
            lines.insert(n, lines[n])
        case 1:
            del lines[n : n + int(generator.integers(1, 30))]
        case 2:
            lines[0], lines[n] = lines[n], lines[0]
        case 3:
            lines[n] = lines[n][: len(lines[n]) // 2]
        case _:
            lines.insert(n, lines[n] + lines[0])
    return "\n".join(lines)


def _shift(text: str, generator: Generator) -> str:
    """All frames, or all identities, moved."""
    mark = _mark(text)
    step = int(generator.choice([-2, -1, 1, 5, 100_000]))
    column = int(generator.integers(2))
    found = []
    for line in text.split("\n"):
        fields = line.split(mark)
        if len(fields) > 2 and fields[column].lstrip("-").isdecimal():
            fields[column] = str(int(fields[column][:18]) + step)
        found.append(mark.join(fields))
    return "\n".join(found)


def _separators(text: str, generator: Generator) -> str:
    pairs = ((",", " "), (" ", ","), ("\n", "\r\n"), (",", ";"), (",", ", "), ("\n", "\n\n"))
    old, new = pick(pairs, generator)
    return text.replace(old, new)


def _whole(text: str, generator: Generator) -> str:
    """Cut off, empty, with a header, or with a byte order mark."""
    match int(generator.integers(5)):
        case 0:
            return text[: int(generator.integers(len(text) + 1))]
        case 1:
            return ""
        case 2:
            return "frame,id,x,y,w,h\n" + text
        case 3:
            return "\ufeff" + text
        case _:
            return text + "{}\n"


def _character(text: str, generator: Generator) -> str:
    n = int(generator.integers(len(text) + 1))
    return text[:n] + "0123456789.,- \nexC"[int(generator.integers(18))] + text[n + 1 :]


TextDamage = Callable[[str, Generator], str]
TEXT_DAMAGES: tuple[TextDamage, ...] = (
    *(_value, _value, _some_lines, _field, _field, _word),
    *(_lines, _shift, _separators, _whole, _character),
)
