"""The tables of a forecast, as columns, as a document, and on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sim import store
from sim.plotting.sheet import Sheet, print_sheets
from sim.verbs.nowcast.bands import LEVELS
from sim.verbs.nowcast.members import NAIVE
from sim.verbs.nowcast.outlook import QUEUE, STUCK, WAIT
from sim.verbs.nowcast.readings import instant
from sim.verbs.nowcast.scoreboard import Difference, Score, best_of, ends
from sim.verbs.nowcast.study import BLEND, NAIVE_BLEND, SIMULATOR, Nowcast
from sim.verbs.nowcast.words import amount, lead_words, moment, notes, opening, shown_as, span_words, worst_row

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = (0.05, 0.25, 0.5, 0.75, 0.95)
COLUMNS = ("p05", "p25", "median", "p75", "p95")
BEFORE = 4.0
"""Time before now of which readings are shown, in times of the time ahead; at least two days."""
MOST_ROWS = 8
OUTLOOK = {QUEUE: "queue", WAIT: "wait of who joins then", STUCK: "people stuck overnight"}


def forecast_columns(forecast: Nowcast) -> dict[str, Any]:
    """Return the blend by time: quantiles, the medians of the members, and their weights."""
    band = ends(forecast.samples[:, 0], SHOWN)
    members = forecast.names[2:]
    return store.rounded(
        {
            "time": np.array([_text(hours) for hours in forecast.times]),
            "lead_h": forecast.times - forecast.seen.now,
            **{name: band[:, n] for n, name in enumerate(COLUMNS)},
            **{_key(name): ends(forecast.samples[:, n + 1], (0.5,))[:, 0] for n, name in enumerate(forecast.names[1:])},
            **{f"weight_{_key(name)}": forecast.weights[:, n] for n, name in enumerate(members)},
        }
    )


def shown_from(forecast: Nowcast) -> float:
    """Return the time, in hours since 1970, from which readings are shown beside a forecast."""
    return max(float(forecast.seen.readings.hours[0]), forecast.seen.now - max(BEFORE * forecast.ahead, 48.0))


def reading_columns(forecast: Nowcast) -> dict[str, Any]:
    """Return the readings that are shown beside the forecast."""
    readings = forecast.seen.readings
    shown = readings.hours >= shown_from(forecast)
    times = np.array([_text(hours) for hours in readings.hours[shown]])
    return store.rounded({"time": times, "value": readings.values[shown]})


def outlook_columns(forecast: Nowcast) -> dict[str, Any]:
    """Return what the simulator says beside the forecast: a row for each quantity and time."""
    rows = forecast.outlook
    band = ends(np.array([row.values for row in rows]), SHOWN)
    return store.rounded(
        {
            "quantity": np.array([row.quantity for row in rows]),
            "time": np.array([_text(row.at) for row in rows]),
            **{name: band[:, n] for n, name in enumerate(COLUMNS)},
            "at_least": np.array([row.at_least for row in rows]),
        }
    )


def effect_columns(forecast: Nowcast) -> dict[str, Any]:
    """Return what a what-if would do: a row for each quantity and time, and quantiles with it and of the difference."""
    rows = forecast.effects
    columns: dict[str, Any] = {
        "quantity": np.array([row.quantity for row in rows]),
        "time": np.array([_text(row.at) for row in rows]),
    }
    for prefix, values in (("", [row.values for row in rows]), ("change_", [row.difference for row in rows])):
        band = ends(np.array(values), SHOWN)
        columns |= {f"{prefix}{name}": band[:, n] for n, name in enumerate(COLUMNS)}
    return store.rounded(columns)


def sample_columns(forecast: Nowcast) -> dict[str, Any]:
    """Return every forecast as 40 equally likely values, a row for each time and forecast."""
    count = len(forecast.names)
    codes = np.tile(np.arange(count), len(forecast.times))
    values = forecast.samples.reshape(-1, len(LEVELS))
    return {
        "hours": np.repeat(forecast.times, count),
        "forecast": store.Labels(codes, forecast.names),
        **store.rounded({f"v{n:02d}": values[:, n] for n in range(len(LEVELS))}),
    }


def score_columns(found: Sequence[Score]) -> dict[str, Any]:
    """Return scores as columns."""
    return _columns(found, Score._fields)


def difference_columns(found: Sequence[Difference]) -> dict[str, Any]:
    """Return differences as columns, each interval in three."""
    plain = [field for field in Difference._fields if field not in ("error", "crps")]
    columns = _columns(found, plain)
    for name in ("error", "crps"):
        for place, end in enumerate(("", "_low", "_high")):
            columns[f"{name}{end}"] = np.array([getattr(each, name)[place] for each in found], float)
    return store.rounded(columns)


def _columns(rows: Sequence[Any], fields: Sequence[str]) -> dict[str, Any]:
    return store.rounded({field: np.array([getattr(row, field) for row in rows]) for field in fields})


def document(forecast: Nowcast) -> dict[str, Any]:
    """Return everything as one JSON document."""
    seen = forecast.seen
    return {
        "seen": str(seen.path),
        "column": seen.name,
        "time_zone": seen.readings.zone,
        "now": _text(seen.now),
        "last_reading": {"time": _text(seen.readings.hours[-1]), "value": float(seen.readings.values[-1])},
        "readings": len(seen.readings),
        "ahead_h": forecast.ahead,
        "first_sentence": opening(forecast),
        "notes": list(notes(forecast)),
        "rejected": list(seen.rejected),
        "agreement": None if forecast.agreement is None else forecast.agreement._asdict(),
        "simulator": None if forecast.simulator is None else forecast.simulator._asdict(),
        "alone": forecast.alone,
        "outlook": _rows(outlook_columns(forecast)) if forecast.outlook else [],
        "what_if": list(forecast.what_if),
        "effects": _rows(effect_columns(forecast)) if forecast.effects else [],
        "forecast": _rows(forecast_columns(forecast)),
        "scores": _rows(score_columns(forecast.scores)),
        "differences": _rows(difference_columns(forecast.differences)),
        "scored_from": _text(forecast.scored_from),
    }


def _rows(columns: dict[str, Any]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*(c.tolist() for c in columns.values()), strict=True)]


def show(forecast: Nowcast) -> None:
    """Print the forecast as tables."""
    from rich.console import Console

    print_to(Console(highlight=False), forecast)


def print_to(console: Console, forecast: Nowcast) -> None:
    """Print the forecast as tables to a rich console."""
    console.print(opening(forecast), markup=False)
    for note in notes(forecast):
        console.print(note, markup=False)
    sheets = [_ahead(forecast), *([_joining(forecast)] if forecast.outlook else [])]
    sheets += [_what_if(forecast)] if forecast.effects else []
    if forecast.scores:
        since = moment(forecast.scored_from, forecast.seen.readings.zone)
        sheets.append(score_sheet(forecast.scores, f"Forecasts made since {since} with what was known then"))
    print_sheets(console, sheets)


def show_scores(sentences: Sequence[str], found: Sequence[Score]) -> None:
    """Print sentences, and the scores of stored forecasts below them."""
    from rich.console import Console

    console = Console(highlight=False)
    for sentence in sentences:
        console.print(sentence, markup=False)
    if found:
        print_sheets(console, [score_sheet(found, "Stored forecasts, scored")])


def _ahead(forecast: Nowcast) -> Sheet:
    columns = ("time", "ahead", "median", "50 % band", "90 % band", "follows most")
    sheet = Sheet(f"{forecast.seen.name}, forecast", columns, [], (True, False, False, False, False, True))
    leads = forecast.times - forecast.seen.now
    shown = shown_as(forecast)
    wanted = [lead for lead in (0.5, 1, 2, 3, 6, 12, 24, 48, 96, 168) if lead <= forecast.ahead]
    rows = sorted({int(np.abs(leads - lead).argmin()) for lead in (*wanted, forecast.ahead)})[-MOST_ROWS:]
    worst = worst_row(forecast)
    rows = sorted({*rows, *([] if worst is None else [worst])})
    for row in rows:
        low, lower, middle, upper, high = map(shown, ends(forecast.samples[row : row + 1, 0], SHOWN)[0])
        most = np.argsort(-forecast.weights[row], kind="stable")[:2]
        follows = ", ".join(f"{forecast.names[2 + m]} {100 * forecast.weights[row, m]:.0f} %" for m in most)
        sheet.rows.append(
            (
                moment(forecast.times[row], forecast.seen.readings.zone),
                f"{lead_words(float(leads[row]))}{', at worst' if row == worst else ''}",
                middle,
                f"{lower}–{upper}",
                f"{low}–{high}",
                follows,
            )
        )
    return sheet


def _joining(forecast: Nowcast) -> Sheet:
    """Return what the simulator says beside the forecast."""
    title = "Who joins, and who is stuck (plays, in proportion to the forecast)"
    sheet = Sheet(title, ("time", "what", "median", "50 % band", "90 % band"), [], (True, True, False, False, False))
    for row in sorted(forecast.outlook, key=lambda row: row.at):
        shown = span_words if row.quantity == WAIT else lambda value: amount(round(value))
        low, lower, middle, upper, high = _short(map(shown, ends(row.values[None], SHOWN)[0]))
        what = f"{OUTLOOK[row.quantity]}{', at least' if row.at_least else ''}"
        when = moment(row.at, forecast.seen.readings.zone)
        sheet.rows.append((when, what, middle, f"{lower}–{upper}", f"{low}–{high}"))
    return sheet


def _short(words: Iterable[str]) -> list[str]:
    """Return waits with '0' for '0 min', so that a band reads '0–5 min'."""
    return ["0" if word == "0 min" else word for word in words]


def _what_if(forecast: Nowcast) -> Sheet:
    """Return what a what-if would do, beside what is expected without it."""
    columns = ("time", "what", "without it", "with it", "difference", "90 % band of it")
    title = f"What if: {', '.join(forecast.what_if)}, from now on (medians; the same plays with and without it)"
    sheet = Sheet(title, columns, [], (True, True, False, False, False, False))
    pairs = zip(forecast.outlook, forecast.effects, strict=True)
    for row, effect in sorted(pairs, key=lambda pair: pair[0].at):
        shown = span_words if row.quantity == WAIT else lambda value: amount(round(value))
        middles = [ends(each[None], (0.5,))[0, 0] for each in (row.values, effect.values)]
        apart = [_signed(shown, value) for value in ends(effect.difference[None], SHOWN)[0]]
        when = moment(row.at, forecast.seen.readings.zone)
        cells = (when, OUTLOOK[row.quantity], *map(shown, middles), apart[2], f"{apart[0]} to {apart[-1]}")
        sheet.rows.append(cells)
    return sheet


def _signed(shown: Callable[[float], str], value: float) -> str:
    words = shown(abs(value))
    return words if words in ("0", "0 min") else f"{'−' if value < 0 else '+'}{words}"


def score_sheet(found: Sequence[Score], title: str) -> Sheet:
    """Return scores as a table: the blend, the naive blend and the best naive forecast at every lead."""
    columns = ("ahead", "forecast", "number", "mean\nerror", "CRPS", "in the\n50 % band", "in the\n90 % band")
    sheet = Sheet(title, columns, [], (True, True, False, False, False, False, False))
    for lead in sorted({score.lead for score in found}):
        best = best_of(found, tuple(NAIVE), lead)
        shown = (BLEND, NAIVE_BLEND, SIMULATOR, *([best.forecast] if best else []))
        for score in (each for each in found if each.lead == lead and each.forecast in shown):
            naive = best is not None and score.forecast == best.forecast
            sheet.rows.append(
                (
                    lead_words(lead),
                    f"{score.forecast} (best naive)" if naive else score.forecast,
                    str(score.number),
                    amount(score.error),
                    amount(score.crps),
                    f"{100 * score.inside_50:.0f} %",
                    f"{100 * score.inside_90:.0f} %",
                )
            )
    return sheet


def _text(hours: float) -> str:
    return instant(hours).strftime("%Y-%m-%dT%H:%M:%SZ")


def _key(name: str) -> str:
    return name.replace(" ", "_")
