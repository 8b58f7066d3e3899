"""Which source files decide what a module does, and their hash: what a kept result depends on."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from mohart.versions import PACKAGE

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def import_closure(modules: Iterable[str], package: Path = PACKAGE) -> list[Path]:
    """The files of modules, and of everything of the package that they import, and so on.

    Imports inside functions count, those for type checkers alone do not. The facade, the package's
    own `__init__.py`, is left out: it would bring in the whole package, and nobody inside uses it.

    Args:
        modules: dotted names in the package, such as `mohart.boxes`.
        package: its folder, named as the package is.

    Returns:
        Sorted paths.
    """
    found: set[Path] = set()
    new = [path for name in modules for path in _files(name, package)]
    while new:
        path = new.pop()
        if path not in found:
            found.add(path)
            names = _imported(path.read_text(encoding="utf-8"))
            new += [file for name in names for file in _files(name, package)]
    return sorted(found)


def code_hash(files: Iterable[Path], package: Path = PACKAGE) -> str:
    """SHA-256 over what Python files do: comments, docstrings, line breaks do not count.

    Args:
        files: in the package; their names in it count.
        package: its folder.
    """
    digest = hashlib.sha256()
    for path in files:
        name, text = path.relative_to(package).as_posix(), path.read_text(encoding="utf-8")
        digest.update(f"{name}\n{_meaning(text)}\n".encode())
    return digest.hexdigest()


@cache
def hash_of_modules(*modules: str) -> str:
    """The hash of the import closure of modules of this package; computed once."""
    return code_hash(import_closure(modules))


def _files(name: str, package: Path) -> Iterator[Path]:
    """The file of a module, or of the module that a name is in, and of the folders around it."""
    root, *parts = name.split(".")
    if root != package.name:
        return
    for count in range(1, len(parts) + 1):
        place = package.joinpath(*parts[:count])
        for path in (place / "__init__.py", place.with_suffix(".py")):
            if path.is_file():
                yield path


@cache
def _meaning(text: str) -> str:
    """Source text without what does nothing."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:]
    return ast.dump(tree)


@cache
def _imported(text: str) -> list[str]:
    """Dotted names of what a file imports."""
    nodes, found = list[ast.AST]([ast.parse(text)]), list[str]()
    while nodes:
        node = nodes.pop()
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=orelse):
                nodes += orelse
                continue
            case ast.Import(names=aliases):
                found += [alias.name for alias in aliases]
            case ast.ImportFrom(module=str(module), names=aliases, level=0):
                found += [f"{module}.{alias.name}" for alias in aliases]
        nodes += ast.iter_child_nodes(node)
    return found
