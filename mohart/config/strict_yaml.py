"""YAML as settings are written in it: read strictly, and refused where it could be a trap.

A key that is there twice, aliases that unfold into millions of values, endless nesting and numbers
that no setting can have are errors with their line.
"""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from mohart.errors import ConfigError

LARGEST = 10_000_000  # letters of a text
DEEPEST = 64  # lists and groups in each other; settings have 5
MOST_ALIASES = 1000  # values that aliases may stand for
MOST_DIGITS = 40  # of a whole number


def parse_yaml(text: str) -> Any:
    """What a text says.

    Args:
        text: one document of YAML 1.1, plain values, lists and groups alone.

    Returns:
        Nested dicts, lists and plain values; None for an empty text.

    Raises:
        ConfigError: it is not YAML, a key is there twice, a value is not what it says it is, or it
            is too large, too deep or unfolds into too much.
    """
    if len(text) > LARGEST:
        raise ConfigError(f"larger than {LARGEST // 1_000_000} MB; settings are a few lines")
    try:
        return yaml.load(text, _StrictLoader)  # a safe loader, made stricter
    except yaml.YAMLError as error:
        known = isinstance(error, yaml.constructor.ConstructorError)  # YAML, but refused
        raise ConfigError(f"{'' if known else 'not YAML: '}{_problem(error)}") from error
    except RecursionError as error:
        raise ConfigError("nested too deeply") from error


def read_yaml(path: Path) -> Any:
    """What a file that is there says.

    Raises:
        ConfigError: see `parse_yaml`; or it is no text, or cannot be read.
    """
    try:
        return parse_yaml(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not YAML: {shorten(str(error))}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or error})") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


class _StrictLoader(yaml.SafeLoader):
    """SafeLoader that refuses what it would guess."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0
        self._unfolded = 0  # values that aliases stand for
        self._sizes: dict[int, int] = {}  # values of a node, aliases in it unfolded

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """One value; raises where it is nested too deeply."""
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        self._depth += 1
        if self._depth > DEEPEST:
            self._refuse(f"more than {DEEPEST} levels deep", event)
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        if isinstance(event, yaml.AliasEvent):
            self._count_alias(node, event)
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Any:
        """A group of settings; raises where a key is there twice."""
        first: dict[Hashable, int] = {}
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                self._refuse("a key that is a list or a group", key_node)
            line = key_node.start_mark.line + 1
            if key in first:
                again = f"key {shorten(repr(key))} is there twice, first in line {first[key]}"
                self._refuse(f"{again}; remove one", key_node)
            first[key] = line
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """A value; raises where it is not what its tag says."""
        scalar = isinstance(node, yaml.ScalarNode)
        if scalar and node.tag.endswith(":int") and len(node.value) > MOST_DIGITS:
            self._refuse(f"a number of {len(node.value)} digits", node)
        try:
            return super().construct_object(node, deep)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
            kind = node.tag.rpartition(":")[2]  # PyYAML's own constructors raise what they meet
            shown = f" {shorten(repr(node.value))}" if scalar else ""
            raise yaml.constructor.ConstructorError(
                None, None, f"the value{shown} is no {kind}", node.start_mark
            ) from error

    def _count_alias(self, node: yaml.Node | None, event: yaml.Event) -> None:
        """Aliases may be used, but not to unfold a few letters into an avalanche."""
        if node is None or node.end_mark is None:
            self._refuse("an alias of something that holds it", event)
            return
        self._unfolded += self._size(node)
        if self._unfolded > MOST_ALIASES:
            self._refuse(f"aliases that stand for more than {MOST_ALIASES} values", event)

    def _size(self, node: yaml.Node) -> int:
        if id(node) not in self._sizes:
            children: list[yaml.Node] = []
            if isinstance(node, yaml.SequenceNode):
                children = node.value
            elif isinstance(node, yaml.MappingNode):
                children = [part for pair in node.value for part in pair]
            self._sizes[id(node)] = 1 + sum(self._size(child) for child in children)
        return self._sizes[id(node)]

    def _refuse(self, what: str, where: Any) -> None:
        raise yaml.constructor.ConstructorError(None, None, what, where.start_mark)


def _problem(error: yaml.YAMLError) -> str:
    """`line 3: what is wrong`, without the excerpt that YAML's own message has."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return shorten(str(error))
    what = " ".join(filter(None, (error.context, error.problem)))
    return f"line {error.problem_mark.line + 1}: {shorten(what)}"


def shorten(text: str, letters: int = 200) -> str:
    """The text on one line, cut where it is longer than so many letters."""
    line = " ".join(text.split())
    return line if len(line) <= letters else f"{line[: letters - 4]} ..."
