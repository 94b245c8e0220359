"""The engines by name. Each is a module with `play(plan, tape) -> Records`, loaded when it is asked for."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from importlib import import_module
from typing import Any

from sim.errors import SimError

ENGINES = {"reference": "sim.engine.reference"}
DEFAULT = "reference"


def player(name: str) -> Callable[..., Any]:
    """Return `play` of the engine called `name`; raises SimError with the choices if there is none."""
    if name not in ENGINES:
        close = difflib.get_close_matches(name, ENGINES, 1)
        meant = f"did you mean {close[0]!r}? " if close else ""
        raise SimError(f"there is no engine {name!r}; {meant}the engines are {', '.join(ENGINES)}")
    play: Callable[..., Any] = import_module(ENGINES[name]).play
    return play
