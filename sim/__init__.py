"""A discrete-event simulator of border queues.

`import sim` is quick: the modules behind a name are imported when the name is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.about import __version__

if TYPE_CHECKING:
    from sim.errors import ScenarioError, SimError
    from sim.experiment import Experiment, load
    from sim.face import (
        audit,
        backtest,
        calibrate,
        catalogue,
        compare,
        explore,
        import_data,
        nowcast,
        report,
        run,
        sweep,
        validate,
    )
    from sim.verbs.audit.result import AuditResult
    from sim.verbs.backtest.result import BacktestResult
    from sim.verbs.calibrate.result import CalibrationResult
    from sim.verbs.catalogue.result import CatalogueResult
    from sim.verbs.compare.result import Comparison
    from sim.verbs.intake.result import ImportResult
    from sim.verbs.nowcast.result import NowcastResult
    from sim.verbs.run.result import RunResult
    from sim.verbs.sweep.result import SweepResult
    from sim.verbs.validate.result import ValidationResult

__all__ = [
    "AuditResult",
    "BacktestResult",
    "CalibrationResult",
    "CatalogueResult",
    "Comparison",
    "Experiment",
    "ImportResult",
    "NowcastResult",
    "RunResult",
    "ScenarioError",
    "SimError",
    "SweepResult",
    "ValidationResult",
    "__version__",
    "audit",
    "backtest",
    "calibrate",
    "catalogue",
    "compare",
    "explore",
    "import_data",
    "load",
    "nowcast",
    "report",
    "run",
    "sweep",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from sim import errors, face

        return getattr(errors if name.endswith("Error") else face, name)
    raise AttributeError(f"module 'sim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
