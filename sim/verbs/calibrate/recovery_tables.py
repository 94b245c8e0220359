"""The results of a simulation-based calibration: coverage of the intervals, ranks, and how good the emulator is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.stats import binomtest, kstest

from sim import store
from sim.arrays import Floats
from sim.play import provenance
from sim.plotting.sheet import Sheet
from sim.verbs.calibrate.recovery import BANK, EFFORT, Recovery
from sim.verbs.calibrate.tables import show_sheets

if TYPE_CHECKING:
    from sim.store import Columns

KINDS = {"parameter": "true parameters", "figure": "the model's own figures", "held_out": "reports that were held out"}
"""What lies in an interval, by the kind of its rank."""
LEVELS = (50, 90)
"""Percent of the intervals whose coverage is reported."""
SUFFICIENT = 100.0
"""Effective sample size from which ranks by the weights of the bank are compared with those by the emulator."""


class Coverage(NamedTuple):
    """How many of `worlds` intervals hold the truth: the share, with its 95 % confidence interval."""

    share: float
    low: float
    high: float


class Row(NamedTuple):
    """The coverage of one parameter or figure, by LEVELS; `name` is `all` for the mean over those of a kind.

    `p_uniform` is the p-value of the test of Kolmogorov and Smirnov that the ranks are uniform; NaN for `all`.
    """

    kind: str
    name: str
    coverage: tuple[Coverage, ...]
    p_uniform: float


def rows_of(found: Recovery) -> list[Row]:
    """Return the coverage of everything, by kind; the mean over the names of a kind comes first."""
    rows = []
    for kind in KINDS:
        ranks = found.places(kind)
        rows.append(Row(kind, "all", tuple(_mean_coverage(ranks, level) for level in LEVELS), float("nan")))
        for name, column in zip(names_of(found, kind), ranks.T, strict=True):
            coverage = tuple(_coverage(column, level) for level in LEVELS)
            rows.append(Row(kind, name, coverage, float(kstest(column, "uniform").pvalue)))
    return rows


def names_of(found: Recovery, kind: str) -> tuple[str, ...]:
    """Return the names whose ranks are of this kind."""
    return found.parameters if kind == "parameter" else found.figures


def _inside(ranks: Floats, level: int) -> Floats:
    return np.asarray(np.abs(ranks - 0.5) < level / 200, dtype=np.float64)


def _coverage(ranks: Floats, level: int) -> Coverage:
    """Return the coverage with the binomial interval of Clopper and Pearson (1934)."""
    test = binomtest(int(_inside(ranks, level).sum()), len(ranks))
    low, high = test.proportion_ci(0.95, method="exact")
    return Coverage(float(test.statistic), float(low), float(high))


def _mean_coverage(ranks: Floats, level: int) -> Coverage:
    """Return the mean coverage; ranks of one world are not independent, so worlds are the sample of its interval."""
    shares = _inside(ranks, level).mean(axis=1)
    half = 1.96 * float(shares.std(ddof=1)) / np.sqrt(len(shares)) if len(shares) > 1 else float("nan")
    mean = float(shares.mean())
    return Coverage(mean, mean - half, mean + half)


def words_of(found: Recovery) -> Iterator[str]:
    """Yield how the result was made and how good the emulator is, in sentences."""
    model = f", played under {', '.join(found.interventions)}, which the fit does not know" * bool(found.interventions)
    yield (
        f"{len(found.parts)} simulated worlds{model}; parameters from the priors, posteriors by an emulator of {BANK:,}"
        f" plays; effective sample sizes from {min(part['ess'][0] for part in found.parts):,.0f}."
    )
    error = np.median([part["error"] for part in found.parts], axis=0)
    off = np.sqrt(np.square([part["off"] for part in found.parts]).mean(axis=0))
    yield (
        f"The emulator misses a figure by {100 * error.min():.0f} to {100 * error.max():.0f} %. At the true parameters,"
        " where it was not fitted, what happens lies"
        f" {off.min():.2f} to {off.max():.2f} of the assumed standard deviations from it (root mean square)."
    )
    ess = np.array([part["bank_ess"][0] for part in found.parts])
    good = ess >= SUFFICIENT
    if good.any():
        apart = found.places("re_weighted")[good] - found.places("parameter")[good]
        yield (
            f"Re-weighting the bank, without the emulator, has an effective sample size of {SUFFICIENT:.0f} or more in"
            f" {int(good.sum())} of the worlds; there the ranks of the parameters differ from the emulator's by"
            f" {np.sqrt(np.square(apart).mean()):.3f} (root mean square; chance alone makes up to"
            f" {np.sqrt(1 / 6 / SUFFICIENT):.3f})."
        )
    if found.refits:
        yield _refit_words(found)


def _refit_words(found: Recovery) -> str:
    pairs = [(fit, found.parts[n]) for n, fit in found.refits.items()]
    apart = np.array([np.subtract(fit["parameter"], part["parameter"]) for fit, part in pairs])
    shift = np.array([np.subtract(fit["mean"], part["mean"]) / np.array(part["sd"]) for fit, part in pairs])
    wider = np.array([np.divide(fit["sd"], part["sd"]) for fit, part in pairs])
    inside = _inside(np.array([fit["parameter"] for fit, _ in pairs]), LEVELS[-1])
    passed = sum(fit["passed"][0] > 0 for fit, _ in pairs)
    return (
        f"Worlds fitted in full: {len(pairs)} ({passed} passed the gate; effective sample sizes from"
        f" {min(fit['fit_ess'][0] for fit, _ in pairs):,.0f}; at least {2 * EFFORT[0]:.0f} was aimed at): the ranks of"
        f" the parameters differ from the emulator's by {np.sqrt(np.square(apart).mean()):.3f} (root mean square), the"
        f" means by {np.sqrt(np.square(shift).mean()):.2f} posterior standard deviations, and the standard deviations"
        f" are {np.median(wider):.2f} times as large (median). Their {LEVELS[-1]} % intervals hold"
        f" {100 * inside.mean():.0f} % of the true parameters."
    )


def show(found: Recovery) -> None:
    """Print coverage and sentences to standard output."""
    title = "Coverage: how often intervals hold the truth [95 % confidence]; p: that ranks are uniform"
    sheet = Sheet(title, ("what", *(f"{level} % interval" for level in LEVELS), "p"), [], (True, False, False, False))
    for row in rows_of(found):
        what = f"all {KINDS[row.kind]}" if row.name == "all" else f"  {row.name}"
        p = "" if row.name == "all" else f"{row.p_uniform:.2g}"
        sheet.rows.append((what, *map(_coverage_words, row.coverage), p))
    show_sheets([sheet], words_of(found))


def _coverage_words(coverage: Coverage) -> str:
    return f"{100 * coverage.share:.0f} % ({100 * coverage.low:.0f}-{100 * coverage.high:.0f})"


def records_of(found: Recovery) -> list[dict[str, Any]]:
    """Return the rows of `recovery.csv`; docs/calibration.md says what each column means."""
    records = []
    for row in rows_of(found):
        record: dict[str, Any] = {"kind": row.kind, "name": row.name, "worlds": len(found.parts)}
        for level, coverage in zip(LEVELS, row.coverage, strict=True):
            record |= {f"inside_{level}": coverage.share}
            record |= {f"inside_{level}_low": coverage.low, f"inside_{level}_high": coverage.high}
        records.append(record | {"p_uniform": row.p_uniform})
    return records


def write(
    folder: Path, found: Recovery, command_line: str | None, wall_s: float, *, pictures: bool = True, svg: bool = False
) -> None:
    """Write tables, picture, sentences and provenance into an existing empty folder. Raises SimError."""
    store.write_table(folder / "recovery.csv", _columns(records_of(found)))
    store.write_table(folder / "ranks.csv", _columns(list(_rank_records(found))))
    store.write(folder / "recovery.md", "\n\n".join(words_of(found)) + "\n")
    if pictures:
        from sim.plotting import picture
        from sim.verbs.calibrate.recovery_picture import picture_of

        picture.write(folder, [picture.Picture("recovery", picture_of(found))], svg=svg)
    facts = {
        **provenance.calibration_facts(found.loaded.path),
        "method": "simulation-based calibration",
        "worlds": len(found.parts),
        "refits": len(found.refits),
        "interventions": list(found.interventions),
        "seed": found.seed,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "wall_seconds": round(wall_s, 3),
    }
    provenance.write(folder, facts, command_line)


def _rank_records(found: Recovery) -> Iterator[dict[str, Any]]:
    nothing = float("nan")
    for n, part in enumerate(found.parts):
        for kind in KINDS:
            names = names_of(found, kind)
            refitted = found.refits[n][kind] if n in found.refits else [nothing] * len(names)
            for name, rank, again in zip(names, part[kind], refitted, strict=True):
                yield {"world": n + 1, "kind": kind, "name": name, "rank": rank, "rank_fitted_in_full": again}


def _columns(records: Sequence[dict[str, Any]]) -> Columns:
    return store.rounded({name: np.array([record[name] for record in records]) for name in records[0]})
