"""Scores the forecasts stored in a folder once the truth has come: a scoreboard as table and page.

A forecast is scored as it was stored; nothing is computed again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from sim import store
from sim.arrays import Floats
from sim.errors import SimError
from sim.paths import is_folder
from sim.play import provenance
from sim.suggest import no_folder
from sim.verbs.nowcast.bands import LEVELS
from sim.verbs.nowcast.files import SAMPLES
from sim.verbs.nowcast.members import NAIVE
from sim.verbs.nowcast.readings import LADDER, WIDEST, Readings, hours_since_1970
from sim.verbs.nowcast.scoreboard import FEWEST, Answers, Difference, Score, best_of, difference, scores
from sim.verbs.nowcast.seen import Columns, read_seen
from sim.verbs.nowcast.study import BLEND, NAIVE_BLEND
from sim.verbs.nowcast.tables import difference_columns, score_columns, show_scores
from sim.verbs.nowcast.words import lead_words, moment, than


@dataclass(frozen=True)
class Board:
    """The scores of stored forecasts of one quantity, how many there are, and which could not be scored yet."""

    folder: Path
    name: str
    zone: str
    forecasts: int
    waiting: int
    span: tuple[float, float]
    scores: tuple[Score, ...]
    differences: tuple[Difference, ...]


def score_folder(folder: Path, seen: Path, columns: Columns) -> Board:
    """Return the scores of the forecasts in a folder against the readings in `seen`. Raises SimError."""
    if not is_folder(folder):
        raise SimError(no_folder(folder))
    stored = list(_forecasts(folder))
    columns = replace(columns, given_zone=_zone(folder, stored, columns.given_zone))
    truth = read_seen(seen, columns, fewest=1, whole=True)
    found = [each for each in stored if each.column == truth.name]
    if not found:
        raise SimError(f"{folder}: has no stored forecast of {truth.name}; `sim nowcast --out FOLDER` stores one")
    names = tuple(dict.fromkeys(name for each in found for name in each.names))
    parts = [part for each in found if (part := _answers(each.among(names), truth.readings)) is not None]
    waiting = len(found) - len(parts)
    if not parts:
        raise SimError(
            f"{seen}: has no reading at the times that the {len(found)} stored forecasts are about; its readings end "
            f"at {moment(truth.readings.hours[-1], columns.zone, year=True)}, and the first forecast was made "
            f"at {moment(found[0].now, columns.zone, year=True)}"
        )
    answers = Answers(
        np.concatenate([part.lead for part in parts]),
        np.concatenate([part.day for part in parts]),
        np.concatenate([part.truth for part in parts]),
        np.concatenate([part.samples for part in parts]),
        names,
    )
    table = scores(answers, fewest=1)
    apart = []
    for lead in sorted({score.lead for score in table}):
        best = best_of(table, tuple(NAIVE), lead)
        for against in ([best.forecast] if best else []) + [NAIVE_BLEND]:
            if one := difference(answers, lead, BLEND, against):
                apart.append(one)
    made = [each.now for each in found]
    return Board(
        folder, truth.name, columns.zone, len(found), waiting, (min(made), max(made)), tuple(table), tuple(apart)
    )


def _zone(folder: Path, stored: Sequence[_Stored], given: str | None) -> str | None:
    """Return the time zone of stored forecasts, in which their readings are read too. Raises SimError."""
    known = sorted({each.zone for each in stored})
    if given is None:
        if len(known) > 1:
            raise SimError(f"{folder}: has forecasts in several time zones ({', '.join(known)}); name one with --zone")
        return known[0] if known else None
    if known and given not in known:
        raise SimError(f"--zone {given}: the forecasts in {folder} were made in {', '.join(known)}; leave out --zone")
    return given


@dataclass(frozen=True)
class _Stored:
    """A stored forecast of a column: when it was made, its times, and the quantiles (P, M, 40) of each of `names`."""

    column: str
    zone: str
    now: float
    times: Floats
    names: tuple[str, ...]
    samples: Floats

    def among(self, names: tuple[str, ...]) -> _Stored:
        """Return the forecast with quantiles for each of `names`, NaN for those that it has not."""
        samples = np.full((len(self.times), len(names), len(LEVELS)), np.nan)
        samples[:, [names.index(name) for name in self.names]] = self.samples
        return replace(self, names=names, samples=samples)


def _forecasts(folder: Path) -> Iterator[_Stored]:
    """Yield the forecasts in a folder or its subfolders, in the order of their time."""
    paths = sorted(path for path in folder.rglob(SAMPLES) if not any(part.startswith(".") for part in path.parts))
    yield from sorted(map(_read, paths), key=lambda each: each.now)


def _read(path: Path) -> _Stored:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SimError(f"{path}: cannot be read: {error.strerror or error}") from None
    columns, facts = store.labelled_table(content, path)
    try:
        labels = columns["forecast"]
        names = tuple(dict.fromkeys(labels.tolist()))
        values = np.stack([columns[f"v{n:02d}"] for n in range(len(LEVELS))], axis=1)
        now = hours_since_1970(datetime.fromisoformat(facts["now"]))
        times = columns["hours"][:: len(names)]
        column, zone = facts["column"], facts["time_zone"]
        return _Stored(column, zone, now, times, names, values.reshape(len(times), len(names), len(LEVELS)))
    except (KeyError, ValueError, TypeError, AttributeError):
        raise SimError(f"{path}: is damaged: it is no stored forecast") from None


def _answers(stored: _Stored, truth: Readings) -> Answers | None:
    """Return a forecast at the leads of the ladder with the reading nearest to each, if it has come."""
    leads = stored.times - stored.now
    ladder = np.array([lead for lead in LADDER if leads[0] - 1e-6 <= lead <= leads[-1] + 1e-6] or [leads[-1]])
    rows = [int(np.abs(leads - lead).argmin()) for lead in ladder]
    nearest = [int(np.abs(truth.hours - stored.times[row]).argmin()) for row in rows]
    late = np.array([truth.hours[place] - stored.times[row] for row, place in zip(rows, nearest, strict=True)])
    good = (np.abs(late) <= WIDEST * np.minimum(ladder, 8.0) + 1e-9) & (truth.hours[nearest] > stored.now)
    if not good.any():
        return None
    use = np.flatnonzero(good)
    samples = np.stack([stored.samples[rows[n]] for n in use])
    days = np.floor(truth.hours[[nearest[n] for n in use]] / 24).astype(np.int64)
    return Answers(ladder[use], days, truth.values[[nearest[n] for n in use]], samples, stored.names)


def folder(of: Path, out: str | Path | None) -> AbstractContextManager[store.Draft]:
    """Return the draft of `out`, or of `scoreboard-<time>` beside the forecasts. Raises SimError on entering."""
    return store.results_folder(out, of / f"scoreboard-{store.stamp()}")


def write(folder: Path, board: Board, command_line: str | None) -> None:
    """Write the scoreboard as tables and as a page. Raises SimError."""
    store.write_table(folder / "scoreboard.csv", score_columns(board.scores))
    if board.differences:
        store.write_table(folder / "differences.csv", difference_columns(board.differences))
    store.write(folder / "scoreboard.md", page(board))
    provenance.write(folder, {"seen": board.name, "stored_forecasts": board.forecasts}, command_line)


def sentences(board: Board) -> list[str]:
    """Return the scoreboard in sentences."""
    first, last = (moment(hours, board.zone) for hours in board.span)
    if board.forecasts == 1:
        made = f"1 stored forecast of {board.name}, made at {first}"
    else:
        made = f"{board.forecasts} stored forecasts of {board.name}, made from {first} to {last}"
    waiting = (
        f"; {board.waiting} of them {'waits' if board.waiting == 1 else 'wait'} for readings" if board.waiting else ""
    )
    lines = [f"{made}{waiting}. Local times are those of {board.zone}, as in the forecasts."]
    few = sorted({score.lead for score in board.scores if score.forecast == BLEND and score.number < FEWEST})
    if few:
        leads = ", ".join(map(lead_words, few))
        lines.append(f"Too few have been answered to judge them by: fewer than {FEWEST} at {leads} ahead.")
    for each in board.differences:
        lines.append(f"{lead_words(each.lead)} ahead, the blend erred by {than(each)}.")
    return lines


def page(board: Board) -> str:
    """Return the scoreboard as a page of Markdown."""
    heads = ("ahead", "forecast", "number", "mean error", "CRPS", "bias", "in the 50 % band", "in the 90 % band")
    lines = [f"# Forecasts of {board.name}, scored", "", *sentences(board), ""]
    lines += [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for score in board.scores:
        numbers = [f"{value:.4g}" for value in (score.error, score.crps, score.bias)]
        shares = [f"{100 * share:.0f} %" for share in (score.inside_50, score.inside_90)]
        cells = [lead_words(score.lead), score.forecast, str(score.number), *numbers, *shares]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def document(board: Board) -> Mapping[str, Any]:
    """Return the scoreboard as one JSON document."""
    return {
        "column": board.name,
        "forecasts": board.forecasts,
        "waiting": board.waiting,
        "scores": [score._asdict() for score in board.scores],
        "differences": [each._asdict() for each in board.differences],
    }


def show(board: Board) -> None:
    """Print the scoreboard."""
    show_scores(sentences(board), board.scores)
