"""An argument parser whose errors are one line and suggest what was meant."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

from mohart.cli.terminal.say import harmless
from mohart.errors import did_you_mean

OPTION = re.compile(r"(?<![\w-])--?[a-z][\w-]*")


class Parser(argparse.ArgumentParser):
    """argparse with one-line errors and did-you-mean for verbs, choices and options.

    Options must be written in full: an abbreviation that works today is ambiguous with the next
    option added. After parsing, `args.parser` is the parser of the innermost verb.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("allow_abbrev", False)
        kwargs.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*args, **kwargs)
        self._given: list[str] = []
        self.set_defaults(parser=self)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As in argparse, with lists such as -5,10,40,90 taken as values and not as options."""
        self._given = _join_negative([str(word) for word in args or ()])
        return super().parse_known_args(self._given, namespace)

    def error(self, message: str) -> NoReturn:
        """Print one line to stderr and exit with code 2."""
        choice = re.match(
            r"argument (.+?): invalid choice: '(.*?)'.* \(choose from (.*)\)", message
        )
        if choice:
            known = [word.strip(" '\"") for word in choice[3].split(",")]
            what = "command" if choice[1].isupper() else choice[1]
            message = f"{what}: unknown '{choice[2]}'{did_you_mean(choice[2], known)}"
        elif "required" in message:
            self._refuse_typo(self._given)
        line = " ".join(message.split())
        self.exit(2, harmless(f"error: {line} (see: {self.prog} --help)\n"))

    def refuse(self, unknown: list[str]) -> NoReturn:
        """Report arguments that nobody takes."""
        self._refuse_typo(unknown)
        self.error(f"unexpected argument '{unknown[0]}'")

    def _refuse_typo(self, words: list[str]) -> None:
        options = sorted(name for name in self._option_string_actions if OPTION.fullmatch(name))
        for word in (word.split("=")[0] for word in words):
            if OPTION.fullmatch(word) and word not in options:
                hint = did_you_mean(word, options)
                self.error(f"unknown option '{word}'{hint if 'did you mean' in hint else ''}")


def _join_negative(words: list[str]) -> list[str]:
    """`--box -5,10,40,90` -> `--box=-5,10,40,90`; argparse knows only single negative numbers."""
    joined: list[str] = []
    for word in words:
        if re.match(r"-[\d.]+,", word) and joined and OPTION.fullmatch(joined[-1]):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined
