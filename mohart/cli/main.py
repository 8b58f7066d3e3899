"""`mohart VERB ...`: parse, call the verb, turn errors into one line and an exit code.

Exit codes: 0 done, 2 something the user can put right (or an unexpected error, with a traceback
under `--debug`), 130 interrupted by Ctrl-C, SIGTERM or SIGHUP, 141 the reader of our output went
away. `mohart track` has two more: 3 the source is damaged in part, 4 something failed on the way.
"""

from __future__ import annotations

import argparse
import errno
import os
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NoReturn

from mohart.cli import (
    app,
    bench,
    calibrate,
    configs,
    convert,
    data,
    doctor,
    export,
    inspect_relations,
    link,
    probe,
    report,
    synth,
    track,
    train,
    tune,
)
from mohart.cli.ablate import command as ablate
from mohart.cli.evaluate import command as evaluate
from mohart.cli.terminal.parser import Parser
from mohart.cli.terminal.say import say
from mohart.cli.terminal.signals import interruptible
from mohart.errors import MohartError
from mohart.versions import __version__

VERBS = (
    *(track, app, evaluate, bench, train, calibrate, tune, ablate),
    *(report, link, inspect_relations, probe, synth, data, convert, configs, export, doctor),
)

LARGEST = 2**53  # number as an option
LONGEST = 2000  # letters of a message
OUT_OF_MEMORY = re.compile(  # as torch, CUDA and OpenCV say it
    r"OutOfMemoryError|can't allocate memory|not enough memory|Insufficient memory|out of memory",
    re.I,
)

EPILOG = """\
start here:
  mohart track clip.mp4 --box 120,80,40,90            follow one object, watch out/clip/video.mp4
  mohart VERB --help                                  all options of a verb, with examples
  mohart doctor                                       does the installation work?
"""


def build_parser() -> Parser:
    """The parser with all verbs; importing it pulls in no heavy library."""
    parser = Parser(
        prog="mohart",
        description="Draw boxes once, get identities for the whole video.",
        epilog=EPILOG,
    )
    parser.add_argument("-V", "--version", action="version", version=f"mohart {__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks of errors")
    _add_verbs(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the arguments without the program's name; those of the process where not given.

    Returns:
        The exit code.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    # --debug may stand anywhere, also after the verb
    debug = "--debug" in arguments
    try:
        words = [a for a in arguments if a != "--debug"] or ["--help"]
        args = _parse([*words[1:], "--help"] if words[0] == "help" else words)
    except SystemExit as stop:  # argparse has printed its help, version or error
        return stop.code if isinstance(stop.code, int) else 2
    return guard(lambda: _run(args), debug)


def guard(work: Callable[[], int], debug: bool = False) -> int:
    """Do something; whatever is raised becomes one line on standard error and an exit code.

    Args:
        work: returns its exit code.
        debug: whether tracebacks are shown.
    """
    try:
        code = work()
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return _fail("interrupted", debug, 130)
    except BrokenPipeError:
        return _stdout_is_gone()
    except MohartError as error:
        return _fail(_own_message(str(error)), debug)
    except OSError as error:
        return _fail(_os_message(error), debug)
    except SystemExit as stop:  # nobody in the house does that here: a plug-in or a library did
        return _fail(
            f"the run was ended from within by exit({stop.code!r}); nothing is complete", debug
        )
    except (MemoryError, RecursionError) as error:
        return _fail(_too_large(error), debug)
    except Exception as error:
        if OUT_OF_MEMORY.search(f"{type(error).__name__}: {error}"):
            return _fail(_too_large(error), debug)
        text = f"unexpected error: {type(error).__name__}: {error}"
        return _fail(text if debug else f"{text}; run again with --debug for details", debug)


def _run(args: argparse.Namespace) -> int:
    with interruptible():
        code: int = args.run(args)
    return code


def entry() -> NoReturn:
    """The `mohart` command."""
    sys.exit(main())


def _add_verbs(parser: argparse.ArgumentParser) -> None:
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for verb in VERBS:
        verb.add_parser(subparsers)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = build_parser()
    for word in arguments:
        if "\0" in word or not _is_text(word):
            parser.error(f"argument '{word}' is not UTF-8 text; rename the file")
    args, unknown = parser.parse_known_args(arguments)
    if unknown:
        args.parser.refuse(unknown)
    for name, value in vars(args).items():
        if isinstance(value, int) and abs(value) > LARGEST:
            parser.error(f"--{name.replace('_', '-')}: a number beyond {LARGEST} cannot be meant")
    result: argparse.Namespace = args
    return result


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:  # bytes of a file's name that are no text; OpenCV ends at these
        return False
    return True


def _fail(message: str, debug: bool, code: int = 2) -> int:
    if debug:
        traceback.print_exc()
    line = " ".join(message.splitlines())
    cut = len(line) - LONGEST
    say(
        f"error: {line if cut <= 0 else f'{line[:LONGEST]} ... ({cut} letters more)'}",
        file=sys.stderr,
    )
    return code


def _too_large(error: BaseException) -> str:
    what = "nested too deeply" if isinstance(error, RecursionError) else "not enough memory"
    said = " ".join(str(error).split())[:200]
    return f"{what}{f' ({said})' if said else ''}; is something in the input far too large?"


def _own_message(text: str) -> str:
    """Without the traceback that torch puts before what a worker process raised."""
    if text.startswith("Caught ") and "Traceback" in text:
        return text.rstrip().splitlines()[-1].partition(": ")[2]
    return text


def _os_message(error: OSError) -> str:
    where = f"{error.filename}: " if error.filename else ""
    hint = "; free some space or choose another disk" if error.errno == errno.ENOSPC else ""
    return f"{where}{error.strerror or error}{hint}"


def _stdout_is_gone() -> int:
    """`mohart ... | head`: keep Python from complaining when it flushes at exit."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 141
