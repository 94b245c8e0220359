"""A discrete-event simulator of border queues.

`import sim` is light: what is heavy loads when `sim.load` is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.api import Experiment, Result, load

__version__ = "0.1.0"
__all__ = ["Experiment", "Result", "__version__", "load"]


def __getattr__(name: str) -> Any:
    if name in ("Experiment", "Result", "load"):
        from sim import api

        return getattr(api, name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
