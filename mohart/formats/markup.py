"""XML as a stream of elements with line numbers, safe for files from anywhere.

A document type declaration is refused, so there are no entities to expand and nothing outside the
file is read. Elements are handed on as they come; the file is never in memory as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from mohart.errors import FormatError, MissingDataError, MohartError

Start = Callable[[tuple[str, ...], Mapping[str, str], int], None]
End = Callable[[tuple[str, ...], str], None]
MAX_DEPTH = 50
_NEEDED = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": " ", "\n": " ", "\r": " "}
)


def read_markup(path: Path, start: Start, end: End) -> None:
    """Call `start(names, attributes, line)` and `end(names, text)` for every element.

    Args:
        path: the file.
        start: gets the names from the root down to the element, its attributes, its line from 1.
        end: gets the names and the element's own text, without the blanks around it.

    Raises:
        MissingDataError: there is no such file, or it may not be read.
        FormatError: it is not well formed, or has a document type declaration.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    names: tuple[str, ...] = ()
    texts: list[list[str]] = []

    def on_start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal names
        names = (*names, name)
        texts.append([])
        if len(names) > MAX_DEPTH:
            raise FormatError(
                f"{path}:{parser.CurrentLineNumber}: elements {MAX_DEPTH} deep; expected an "
                "annotation file"
            )
        start(names, attributes, parser.CurrentLineNumber)

    def on_end(_: str) -> None:
        nonlocal names
        end(names, "".join(texts.pop()).strip())
        names = names[:-1]

    def on_text(text: str) -> None:
        if texts:
            texts[-1].append(text)

    def on_doctype(*_: object) -> NoReturn:
        raise FormatError(
            f"{path}:{parser.CurrentLineNumber}: a document type or entity declaration is not "
            "accepted; remove the <!DOCTYPE ...> part"
        )

    parser.StartElementHandler = on_start
    parser.EndElementHandler = on_end
    parser.CharacterDataHandler = on_text
    parser.StartDoctypeDeclHandler = on_doctype
    parser.EntityDeclHandler = on_doctype
    try:
        with path.open("rb") as file:
            parser.ParseFile(file)
    except MohartError:
        raise
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise FormatError(
            f"{path}:{error.lineno}: not well-formed XML ({reason}); expected an XML file as its "
            "tool writes it"
        ) from error
    except (ValueError, LookupError) as error:
        raise FormatError(
            f"{path}:1: cannot be read as XML ({error}); save it with encoding utf-8"
        ) from error
    except FileNotFoundError as error:
        raise MissingDataError(f"{path}: no such file; check the path") from error
    except OSError as error:
        raise MissingDataError(
            f"{path}: cannot be read ({error.strerror}); expected an XML file"
        ) from error


def escaped(text: str) -> str:
    """Text for an attribute's value or an element's content.

    >>> escaped('a < "b"')
    'a &lt; &quot;b&quot;'
    """
    return text.translate(_NEEDED)
