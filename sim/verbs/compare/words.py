"""What a comparison says in sentences: who gains, who loses, when they came, and which scenario is best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import numpy as np

from sim.measures.names import ALL, OUTCOMES, TOTALS
from sim.plotting.rail import CLASS_WORDS, words
from sim.plotting.story import rounded, whole
from sim.scenario.model.quantities import CLASSES
from sim.units import show_duration
from sim.verbs.compare.by_group import AT_START, SCOPES, TIME, Gains, gains
from sim.verbs.compare.pairing import ENDS
from sim.verbs.compare.statistics import Ranking
from sim.verbs.compare.study import Compared

LEAST_PERCENT = 0.1
OF_THOSE_ACROSS = ("wait_m", "wait_p5", "wait_p9", "sojourn")
FEW = 0.005
"""Share of all people below which a group or a change is not worth a sentence."""
NO_TIME = 1 / 3600
_ALL = SCOPES.index(ALL)


def share(part: float) -> str:
    """Return a share in percent: '38 %', '0.4 %', '−12 %'."""
    percent = 100 * part
    if 0 < abs(percent) < LEAST_PERCENT:
        return f"< {LEAST_PERCENT} %"
    digits = 0 if percent == 0 or abs(percent) >= 1 else 1
    return f"{percent:.{digits}f} %".replace("-", "−")


def gains_words(compared: Compared, contender: int, crossing: str | None) -> str:
    """Return one paragraph on who gains and who loses with a contender (from 1), against the base.

    At a crossing, or at all of them together (None).
    """
    together = crossing is None
    x = 0 if crossing is None else compared.base.plan.crossings.index(crossing)
    whole_run, by_day = (gains(compared, contender, by_day=by_day, together=together) for by_day in (False, True))
    label, base = words(compared.labels[contender]), words(compared.base.label)

    def total(name: str) -> float:
        return float(whole_run.of(f"{name}_people")[x, _ALL, 0])

    both = total("sooner") + total("as_soon") + total("later")
    if total("only_here") == total("only_base") == total("new") == total("gone") == 0 and total("as_soon") == both:
        return f"With {label} the same people get across as in {base}, after the same time."
    said = [
        f"People across with {label} who are not in {base}: {whole(total('only_here'))}; "
        f"in {base} only: {whole(total('only_base'))}."
    ]
    if total("new") or total("gone"):
        said.append(
            f"People who come only here: {whole(total('new'))}; only in {base}: {whole(total('gone'))}. As demand "
            "differs, the same number of a class is taken for the same party, though it may come at another time."
        )
    if both:
        change = float(whole_run.of(TIME)[x, _ALL, 0])
        said.append(
            f"Of the {whole(both)} who get across in both, {share(total('sooner') / both)} take less time and "
            f"{share(total('later') / both)} more; the mean change is {_time(change)}."
        )
    said += [each for each in (_ends(whole_run, x), *_groups(by_day, x)) if each]
    return " ".join(said)


def _time(hours: float) -> str:
    if abs(hours) < NO_TIME:
        return "under a second"
    return f"{show_duration(3600 * abs(hours))} {'less' if hours < 0 else 'more'}"


def _ends(found: Gains, x: int) -> str:
    """Say what else became of people: the changes that are clear and not small, the largest first."""
    came = float(found.of("came_people", "base")[x, _ALL, 0])
    changes = []
    for end in ENDS[1:]:
        name = f"{end}_people"
        low, high, change = (float(found.of(name, column)[x, _ALL, 0]) for column in ("low", "high", "difference"))
        clear = low > 0 or high < 0
        if clear and abs(change) >= FEW * came:
            changes.append(
                (abs(change), f"{whole(abs(change))} {'more' if change > 0 else 'fewer'} {OUTCOMES[end].clause}")
            )
    listed = [text for _, text in sorted(changes, reverse=True)]
    return f"Otherwise: {'; '.join(listed)}." if listed else ""


def _groups(found: Gains, x: int) -> list[str]:
    """Name the groups (class and day of coming) that gain and lose most people, and most time."""
    classes = slice(0, len(CLASSES))
    came = float(np.nansum(found.of("came_people", "base")[x, classes]))
    net = (found.of("only_here_people") - found.of("only_base_people"))[x, classes]
    both = sum(found.of(f"{name}_people")[x, classes] for name in ("sooner", "as_soon", "later"))
    clear = (found.of(TIME, "low")[x, classes] > 0) | (found.of(TIME, "high")[x, classes] < 0)
    hours = np.where(clear & (both >= FEW * came), found.of(TIME)[x, classes], 0.0)
    said = []
    for table, who in ((net, "get across only here"), (-net, "no longer get across")):
        place = np.unravel_index(np.argmax(table), table.shape)
        if table[place] >= FEW * came:
            said.append(f"Most who {who}: {_who(found, place)} ({whole(float(table[place]))} people net).")
    for table, told in ((-hours, "saved"), (hours, "lost")):
        place = np.unravel_index(np.argmax(table), table.shape)
        if table[place] > 0:
            said.append(f"Most time {told}: {_who(found, place)} ({_time(float(hours[place]))} a person).")
    return said


def _who(found: Gains, place: Sequence[np.intp]) -> str:
    cls, day = CLASS_WORDS[CLASSES[place[0]]], found.days[place[1]]
    if day == AT_START:
        return f"{cls} waiting at the start"
    return f"{cls} that came on {day_of(day)}"


def day_of(day: str) -> str:
    """Return '21 Sep' for a local date."""
    told = date.fromisoformat(day)
    return f"{told.day} {told:%b}"


def ranking_words(ranking: Ranking, labels: Sequence[str]) -> str:
    """Return which scenario is best in a total, or which ones may be, with the means of all."""
    unit = TOTALS[ranking.key.quantity].unit
    listed = ", ".join(f"{words(labels[s])} {rounded(float(ranking.means[s]))}" for s in ranking.order)
    what = f"{'highest' if ranking.highest else 'lowest'} {words(ranking.key.quantity)} ({ranking.key.scope}, {unit})"
    told = f"Means: {listed}."
    if ranking.key.quantity.startswith(OF_THOSE_ACROSS):
        told += " Only those who crossed count: where fewer do, this may be short for the wrong reason."
    left = [words(labels[s]) for s in ranking.order if ranking.contend[s]]
    if not all(map(math.isfinite, ranking.means)):
        return f"Which has the {what} is not known: a scenario has no value."
    if ranking.best is not None:
        return f"Best with 95 % confidence, by the {what}: {left[0]}. {told}"
    return f"By the {what}, {', '.join(left[:-1])} and {left[-1]} may be the best (95 % confidence). {told}"
