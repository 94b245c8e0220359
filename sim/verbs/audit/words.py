"""The sentences of an audit: what figures imply, and under which conditions they hold together."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite

from sim.measures.reports import LEAST, MOST, count, counted, label
from sim.plotting.story import window
from sim.scenario.model.reported_series import ReportedSeries
from sim.verbs.audit.arithmetic import Range
from sim.verbs.audit.figures import Figure, Finding, Kind, Need
from sim.verbs.audit.study import ONE_FILE, Audit

HEADINGS: dict[Kind, str] = {
    "rate": "Through the queue",
    "road": "Room on the road",
    "people": "People",
    "level": "Two counts of the same quantity",
    "flow": "Across the border",
}
PARTS = {
    0.1: "a tenth",
    0.2: "a fifth",
    0.25: "a quarter",
    1 / 3: "a third",
    0.5: "half",
    2 / 3: "two thirds",
    0.75: "three quarters",
    0.9: "nine tenths",
}
PERCENT_BELOW = 1.1
"""Factor below which the error of a report is given in percent."""
OFF = "the reports are off, as usual for such reports"
SIGNS = {"parties/h": "/h", "m": " m", "share": " %", "h": " h", "km": " km", "times": " times"}


def rounded(value: float) -> str:
    """Return a number with two significant digits, or three from 100 to 999: '62', '141', '5,200'.

    Very large and very small numbers have an exponent: '1e+308'.
    """
    if value and not LEAST <= abs(value) < MOST:
        return f"{value:.3g}"
    exact = f"{value:.3g}" if 100 <= abs(value) < 1000 else f"{value:.2g}"
    return f"{float(exact):,.0f}" if abs(value) >= 10 else f"{float(exact):g}"


def span(value: Range, unit: str = "") -> str:
    """Return a range in words: '110–141/h', '56/h or more', 'up to 7 m'; '' if both ends are open."""
    scale, sign = (100 if unit == "share" else 1), SIGNS.get(unit, "")
    low, high = (rounded(scale * end) for end in (value.low, value.high))
    if not isfinite(value.high):
        return f"{low}{sign} or more" if value.low > 0 else ""
    if value.low <= 0 < value.high:
        return f"up to {high}{sign}"
    return f"{low}{sign}" if low == high else f"{low}–{high}{sign}"


def middle(value: Range, unit: str = "") -> str:
    """Return the middle of a range with its unit."""
    return f"{rounded((100 if unit == 'share' else 1) * value.mid)}{SIGNS.get(unit, '')}"


def both(value: Range, unit: str = "") -> str:
    """Return the middle of a range and the range in brackets: '62/h (56/h or more)'."""
    mid, ends = middle(value, unit), span(value, unit)
    if unit == "times" and not value.known:
        return mid
    if ends == f"{mid} or more":
        return ends
    return mid if ends in ("", mid) else f"{mid} ({ends})"


def figure_words(figure: Figure, *, qualified: bool = False) -> str:
    """Return the label of a figure, without its qualifier unless `qualified`: '3,000 cars waiting'."""
    reach = figure.reach
    near = f"within {span(reach, 'km')} of the border" if reach and reach.low < reach.high else ""
    words = label(figure.row, figure.printed.mid, near)
    return words if qualified or figure.row.qualifier == "=" else words.removeprefix(f"{figure.row.qualifier} ")


def short(figure: Figure) -> str:
    """Return a figure in the shortest form: '3,000 cars', '48 h'."""
    return count(figure.row, figure.printed.mid)


def dated(figure: Figure) -> str:
    """Return a figure in words with its window."""
    return f"{figure_words(figure)} ({window(figure.row)})"


def sentence(finding: Finding) -> str:
    """Return a finding in words, with the assumption under which its figures hold together."""
    words = {"rate": _rate, "road": _road, "people": _people, "level": _level, "flow": _flow}[finding.kind]
    return " ".join(part for part in (*words(finding), _bounds(finding)) if part)


def sentences(audit: Audit) -> Iterator[tuple[str, list[str]]]:
    """Yield headings with their sentences: figures in use, by kind; rejected figures; figures that repeat another."""
    crossings = list(dict.fromkeys(figure.row.crossing for figure in audit.figures))
    for crossing in crossings:
        where = "" if len(crossings) == 1 else f", {audit.assumed.middle.crossings[crossing].title or crossing}"
        for kind, heading in HEADINGS.items():
            of_kind = [finding for finding in audit.findings if finding.kind == kind and not finding.rejected]
            texts = [sentence(finding) for finding in of_kind if finding.figures[0].row.crossing == crossing]
            if texts:
                yield f"{heading}{where}", texts
    for figure in audit.figures:
        if figure.row.status == "rejected":
            against = [sentence(finding) for finding in audit.findings if figure in finding.figures]
            yield f"Rejected: {dated(figure)}", [figure.row.reading.strip(), *against]
    repeating = [figure for figure in audit.figures if figure.repeats]
    if repeating:
        repeats = (f"{figure.row.id} ({figure.row.source}) repeats {figure.repeats}" for figure in repeating)
        yield "Repeated figures", [f"{words}; they count once." for words in repeats]
    if audit.calibration.reported_series:
        series = audit.calibration.reported_series
        yield "Series", [f"{each.id} ({each.source}): {_part_of(each)}." for each in series]


def _part_of(series: ReportedSeries) -> str:
    """Return how a series takes part."""
    if series.kind.flow:
        return "a series of flows is not compared"
    return f"{len(series.series):,} points take part as their mean, {window(series.row)}"


def summary(audit: Audit) -> str:
    """Return in one sentence how many sets of figures hold together."""
    verdicts = [finding.verdict for finding in audit.findings if not finding.rejected]
    if not verdicts:
        return "No figures in use can be compared."
    held, under, never = (verdicts.count(verdict) for verdict in ("together", "only if", "not together"))
    many = f"{len(verdicts)} comparison{'s' if len(verdicts) > 1 else ''} between figures in use"
    return f"Of {many}, {held} hold as printed, {under} only under an assumption, {never} not at all."


def _one_day(finding: Finding) -> tuple[str, str]:
    """Return the first two figures in words; a common window is given once."""
    one, other = finding.figures[:2]
    same = window(one.row) == window(other.row)
    return (figure_words(one) if same else dated(one)), dated(other)


def _bounds(finding: Finding) -> str:
    """Return a sentence that lists the figures read as bounds."""
    open_ended = [
        figure_words(figure, qualified=True)
        for figure in finding.figures
        if figure.target.bound and finding.kind != "level"
    ]
    if not open_ended:
        return ""
    return f"Read as {'a bound' if len(open_ended) == 1 else 'bounds'}: {'; '.join(open_ended)}."


def _needs(finding: Finding) -> dict[str, Need]:
    return {need.what: need for need in finding.needs}


def _hold(finding: Finding, conditions: list[str]) -> str:
    """Return the verdict with the alternative conditions, any one of which is sufficient.

    Every sentence takes its verdict from here, so that it says the same as the table and the summary.
    """
    number = "both" if len(finding.figures) == 2 else "all"
    if finding.verdict == "together":
        return f"{number.capitalize()} hold as printed{', ' + '; '.join(conditions) if conditions else ''}."
    if finding.verdict == "only if":
        return f"{number.capitalize()} hold only if {', or if '.join(conditions or [OFF])}."
    return f"They cannot {number} hold{': ' + '; '.join(conditions) if conditions else ''}."


def _off(finding: Finding) -> list[str]:
    need = _needs(finding).get("reports_off")
    if need is None:
        return []
    if finding.verdict == "not together":
        return [f"each report would be off by {_error(need.amount.mid)}, more than usual for such reports"]
    return [f"each report is off by {_error(need.amount.mid)}, as usual for such reports"]


def _error(factor: float) -> str:
    """Return a factor in words: 'a factor of 1.4', '3 %'."""
    return f"a factor of {rounded(factor)}" if factor >= PERCENT_BELOW else f"{100 * (factor - 1):.2g} %"


def _rate(finding: Finding) -> Iterator[str]:
    needs = _needs(finding)
    one, other = _one_day(finding)
    through = f"{one} and {other} imply {middle(finding.implied, 'parties/h')} through the main queue"
    beside = span(finding.beside, "parties/h") if finding.beside else ""
    if len(finding.figures) == 3:
        yield f"{through}; {dated(finding.figures[2])} imply {beside} outbound."
    elif finding.beside and not isfinite(finding.beside.low):
        yield f"{through}; the scenario sets no limit."
    else:
        yield f"{through}; the scenario's stations pass {beside} at most."
    conditions = list(_unlike(finding))
    if finding.verdict == "together":
        yield _hold(finding, [])
        yield _at_printed(" or ".join(conditions)) if conditions else ""
    else:
        yield _hold(finding, conditions)
    if same := needs.get("same_wait"):
        yield f"This assumes that {_who(finding, same)} wait as long."
    if mean := needs.get("mean_for_day"):
        yield f"The mean of {rounded(mean.amount.mid)} days stands for that time."


def _who(finding: Finding, need: Need) -> str:
    """Return what a need calls its classes."""
    return finding.figures[0].row.words_for(need.who)


def _at_printed(words: str) -> str:
    return f"At the printed numbers, {words}."


def _unlike(finding: Finding) -> Iterator[str]:
    """Yield the alternative explanations of a difference between the rate through a queue and what crossed."""
    needs = _needs(finding)
    if past := needs.get("past_queue"):
        lanes = f", including {_who(finding, past)} in their own lanes" if past.who else ""
        share = f"{_part(past.amount.mid)} of the exit ({span(past.amount, 'share')})"
        yield f"{share} bypassed the main queue{lanes}{_less(finding)}"
    if gave_up := needs.get("gave_up"):
        if finding.verdict == "not together":
            yield "more left the queue than can have crossed"
            return
        yield f"{span(gave_up.amount, 'parties/h')} left the queue without crossing"
        if same := needs.get("same_wait"):
            yield f"{_who(finding, same)} waited longer"
    if faster := needs.get("faster"):
        yield f"the exit was then {span(faster.amount, 'times')} as fast as on average over its window"


def _less(finding: Finding) -> str:
    """Return the queue or wait at which nobody bypassed the queue, where the printed ranges allow it."""
    needs, words = _needs(finding), ""
    if queue := needs.get("queue"):
        who = _who(finding, queue) or "parties"
        words += f"; with more {who} waiting, fewer did, and at {span(queue.amount)} none"
    if wait := needs.get("wait"):
        words += f"; with a shorter wait, fewer did, and at {span(wait.amount, 'h')} none"
    return words


def _part(share: float) -> str:
    """Return a share in words: 'about half', 'about a third'."""
    if share < 0.07:
        return "hardly any"
    return "nearly all" if share > 0.95 else f"about {PARTS[min(PARTS, key=lambda part: abs(part - share))]}"


def _road(finding: Finding) -> Iterator[str]:
    needs, stock = _needs(finding), finding.figures[0]
    one, other = _one_day(finding)
    files, usual = needs["files"].amount, needs["files_assumed"].amount
    spacing = span(finding.beside, "m") if finding.beside else ""
    each = middle(finding.implied, "m")
    yield f"{one} over {other} imply {each} per vehicle in a single file; a vehicle is assumed to take {spacing}."
    yield from _abreast(finding, files) if finding.verdict == "together" else [_hold(finding, [_squeezed(finding)])]
    if within := needs.get("files_within"):
        reach = span(stock.reach, "km") if stock.reach else ""
        yield f"If only the nearest {reach} were counted, they stood {span(within.amount)} abreast there."
    yield (
        f"The scenario has {both(usual)} files over this distance, which hold {span(needs['stands'].amount)} "
        f"{counted(stock.row)}."
    )


def _abreast(finding: Finding, files: Range) -> Iterator[str]:
    """Yield how vehicles stand at the printed numbers, if bounds and rounding allow a single file."""
    if files.low > ONE_FILE:
        yield _hold(finding, [])
        yield _at_printed(f"they stand {span(files)} abreast")
    elif files.high * ONE_FILE < 1:
        yield _hold(finding, [])
        yield _at_printed("there are gaps between them")
    elif files.low > 1:
        yield _hold(finding, [f"nearly in a single file ({span(files)} abreast)"])
    else:
        yield _hold(finding, ["in a single file"])


def _squeezed(finding: Finding) -> str:
    """Return how vehicles that do not fit a single file stood, or what filled the gaps between them."""
    needs = _needs(finding)
    files, possible = needs["files"].amount, needs["files_possible"].amount
    if between := needs.get("between"):
        return f"others filled the gaps, such as {span(between.amount)} {_who(finding, between)} in a single file"
    if possible.high < 1:
        return "queues do not have such gaps"
    printed = "" if span(files) == span(possible) else f" ({span(files)} at the printed numbers)"
    if finding.verdict == "not together":
        return f"they would stand {span(possible)} abreast{printed}"
    return f"they stood {span(possible)} abreast on average{printed}, or part of them off the road"


def _people(finding: Finding) -> Iterator[str]:
    one, other = _one_day(finding)
    each = both(_needs(finding)["people_each"].amount)
    if finding.unit == "people":
        waiting = span(finding.implied) or middle(finding.implied)
        queue = dated(finding.figures[1])
        yield f"With the scenario's people per party, {queue} are {waiting} people; the report says {one}."
    else:
        yield f"{one} and {other} imply {both(finding.implied)} people per party; the scenario has {each}."
    conditions = _off(finding)
    if uneven := _needs(finding).get("uneven"):
        share = f"{span(uneven.amount, 'share')} of the {counted(finding.figures[1].row)}"
        conditions.append(f"{share} crossed in the hours common to both")
    yield _hold(finding, conditions)


def _level(finding: Finding) -> Iterator[str]:
    first, second = finding.figures
    needs, conditions = _needs(finding), _off(finding)
    if elsewhere := needs.get("elsewhere"):
        reach = next((figure.reach for figure in finding.figures if figure.reach), None)
        where = [f"were {_who(finding, elsewhere)}"] if elsewhere.who else []
        where += [f"stood farther than {span(reach, 'km')} from the border"] if reach else []
        conditions.append(f"{span(elsewhere.amount, elsewhere.unit)} of them {' or '.join(where)}")
    if changed := needs.get("changed"):
        by, how = changed.amount, "grew"
        if by.mid < 0:
            by, how = Range(-by.high, -by.mid, -by.low), "fell"
        it = "the wait" if first.row.kind.is_wait else "the queue"
        conditions.append(f"{it} {how} by {span(by)} {changed.unit} an hour between them".replace(" parties", ""))
    one, other = (f"{figure_words(figure, qualified=True)} ({window(figure.row)})" for figure in (first, second))
    yield f"{one[0].upper()}{one[1:]} and {other}:"
    verdict = _hold(finding, conditions)
    yield verdict[0].lower() + verdict[1:]


def _flow(finding: Finding) -> Iterator[str]:
    longer, shorter = finding.figures
    needs = _needs(finding)
    usual = middle(finding.beside, "share") if finding.beside else ""
    yield (
        f"According to {dated(shorter)} and {dated(longer)}, {both(finding.implied, 'share')} of those who went out "
        f"in the longer window crossed in the hours common to both, which are {usual} of it."
    )
    if share := needs.get("in_shared_hours"):
        beyond = finding.implied.mid > 1
        yield _hold(finding, [f"{span(share.amount, 'share')} did{'; at the printed numbers they cannot' * beyond}"])
    elif finding.verdict == "only if":
        yield _hold(finding, [" and ".join(["nearly all did", *_off(finding)])])
    else:
        yield _hold(finding, ["that is more than all"] if finding.verdict == "not together" else [])
