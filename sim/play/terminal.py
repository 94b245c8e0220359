"""The ends of a command: what a terminal cannot show, what cannot be written, and errors that nobody foresaw."""

from __future__ import annotations

import codecs
import errno
import io
import os
import platform
import sys
import tempfile
import traceback
from pathlib import Path

from sim.about import NAME, __version__
from sim.errors import SimError, printable

USER_ERROR, UNFORESEEN = 2, 70
"""Exit codes: the user can mend it; the program is at fault."""
_SPELT = {
    **{"\u00b1": "+-", "\u2013": "-", "\u2212": "-", "\u2014": "-", "\u2026": "...", "\u00d7": "x", "\u00a0": " "},
    **{"\u2264": "<=", "\u2265": ">=", "\u2248": "~", "\u226b": ">>", "\u00b2": "2", "\u00b3": "3", "\u00bd": "1/2"},
    **{"\u2190": "<-", "\u2191": "^", "\u2192": "->", "\u2193": "v", "\u25b6": ">", "\u00b7": "-", "\u20ac": "EUR"},
    **{"\u00e8": "e"},
    **{"\u25a0": "#", "\u25c6": "*", "\u25c7": "o", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"'},
}
"""How the characters of our tables are written where the terminal has no such characters."""


def spell_out() -> None:
    """Make the output streams write every text: what their encoding lacks is spelt, or becomes an escape of JSON."""
    codecs.register_error("spelt", _spelt)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="spelt")


def _spelt(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(_SPELT.get(letter) or _escaped(letter) for letter in letters), error.end


def _escaped(letter: str) -> str:
    """Return a character as JSON escapes it."""
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[n]:02x}{units[n + 1]:02x}" for n in range(0, len(units), 2))


def explain(error: Exception) -> int:
    """Print one sentence on an exception that ended a command, and return the exit code."""
    if isinstance(error, MemoryError):
        _say("memory ran out; use fewer --workers, a shorter run or less demand")
        return USER_ERROR
    if isinstance(error, OSError):
        _say(_of_system(error))
        return USER_ERROR
    what = printable(" ".join(f"{type(error).__name__}: {error}".split()))[:200]
    _say(f"sim stopped through a fault of its own ({what}); please report it where you got sim{_saved(error)}")
    return UNFORESEEN


def _of_system(error: OSError) -> str:
    reason = (error.strerror or str(error)).lower()
    if error.filename is not None:
        return printable(f"{error.filename}: {reason}")
    if error.errno == errno.ENOENT:
        return "the working directory no longer exists; change to another folder"
    return f"the output cannot be written: {reason}; results that were finished are kept"


def _saved(error: Exception) -> str:
    """Write the traceback to a file; return the words that say where it is."""
    from sim import store

    home = os.path.expanduser("~")  # noqa: PTH111  (Path.home raises an exception where there is none)
    lines = [f"{NAME} {__version__}, Python {platform.python_version()}, {platform.system()}\n"]
    lines += [f"{sys.argv[1:]}\n", *traceback.format_exception(error)]
    path = Path(tempfile.gettempdir()) / f"sim-error-{store.stamp()}-{os.getpid()}.txt"
    try:
        store.write(path, "".join(lines).replace(home, "~"), lasting=False)
    except SimError:
        return ""
    return f" with the file {path}"


def _say(sentence: str) -> None:
    try:
        sys.stderr.write(f"{sentence}\n")
    except OSError:
        return  # nobody can be told


def close(code: int) -> None:
    """End the process with an exit code, or with USER_ERROR if what was printed cannot be written."""
    try:
        sys.stdout.flush()
    except OSError as error:
        if error.errno != errno.EPIPE:
            if code != USER_ERROR:  # an error has its sentence already, perhaps this one
                _say(_of_system(error))
            code = USER_ERROR
        os._exit(code)  # the interpreter would try to write it again
    raise SystemExit(code)
