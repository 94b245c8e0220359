"""A discrete-event simulator of border queues.

`import sim` is light: what is heavy loads when `sim.load`, `sim.compare` or `sim.sweep` is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.about import __version__

if TYPE_CHECKING:
    from sim.face import Comparison, Experiment, Result, SweepResult, compare, load, sweep

FACE = ("Comparison", "Experiment", "Result", "SweepResult", "compare", "load", "sweep")
__all__ = [
    "Comparison", "Experiment", "Result", "SweepResult", "__version__", "compare", "load", "sweep",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in FACE:
        from sim import face as api

        return getattr(api, name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
