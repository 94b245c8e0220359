"""Which reported figures can hold at the same time: compares all pairs that imply a common third number.

Pairs are formed from the rows themselves: the same crossing, windows that overlap or touch, quantities that combine.
Figures that repeat another one (of the same group) are omitted; rejected figures are compared too, and marked. Numbers
are taken as printed, with their rounding and bounds: figures hold together if these intervals overlap. Otherwise they
need an assumption, or must be as far off as reports of that kind can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from math import isnan

from sim.measures.likelihood import targets
from sim.measures.reports import unit_of
from sim.scenario.model.calibration import Calibration
from sim.scenario.model.reported import Reported
from sim.scenario.text.load_calibration import LoadedCalibration
from sim.verbs.audit.arithmetic import Range, change, excess, files_abreast, gap, metres_each, share_past, throughput
from sim.verbs.audit.assumed import Assumed, over_priors
from sim.verbs.audit.figures import Figure, Finding, Need, Verdict, counts_all, hourly, hours_of, overlap, time_between

TOUCHING, CHANGING = timedelta(0), timedelta(days=2)
"""Largest time between the windows of two figures that are combined, and of two counts whose change is computed."""
ONE_FILE = 1.15
"""Files abreast that still count as a single file, since spacing is known only roughly."""
MOST_FILES = 20
UP_TO_ALL = Range(0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Audit:
    """All findings of a calibration file, with the figures and the assumptions of the scenario."""

    calibration: Calibration
    figures: tuple[Figure, ...]
    findings: tuple[Finding, ...]
    assumed: Assumed


def audit(loaded: LoadedCalibration) -> Audit:
    """Compare the reported figures of a calibration with each other, without running the model. Raises SimError."""
    return audit_under(loaded.calibration, over_priors(loaded))


def audit_under(calibration: Calibration, assumed: Assumed) -> Audit:
    """Do as `audit`, with given assumptions of the scenario. Raises SimError."""
    figures = figures_of(calibration, assumed)
    distinct = [figure for figure in figures if not figure.repeats]
    findings = [
        finding
        for crossing in dict.fromkeys(figure.row.crossing for figure in distinct)
        for finding in _findings([figure for figure in distinct if figure.row.crossing == crossing], assumed)
    ]
    return Audit(calibration, figures, tuple(findings), assumed)


def figures_of(calibration: Calibration, assumed: Assumed) -> tuple[Figure, ...]:
    """Return the reported figures in their order, then the mean of each series of levels.

    Raises SimError where a value does not fit its quantity.
    """
    means = tuple(series.row for series in calibration.reported_series if not series.kind.flow)
    calibration = calibration.model_copy(update={"reported": (*calibration.reported, *means)})
    first: dict[str, str] = {}
    figures = []
    for target in targets(calibration):
        row = target.row
        representative = first.setdefault(row.group, row.id) if row.group else row.id
        figures.append(Figure(target, "" if representative == row.id else representative, assumed.reach(row)))
    return tuple(figures)


def _findings(figures: list[Figure], assumed: Assumed) -> Iterator[Finding]:
    stocks, lengths = (
        [figure for figure in figures if figure.row.quantity == quantity] for quantity in ("queue", "queue_length")
    )
    waits = [figure for figure in figures if _is_of_queue(figure.row)]
    flows = [figure for figure in figures if figure.row.kind.flow]
    for stock, wait in _near(stocks, waits):
        if set(wait.row.classes[:1]) <= set(stock.row.classes):
            yield from _rates(stock, wait, flows, assumed)
    for stock, length in _near(stocks, lengths):
        if set(stock.row.classes) <= set(length.row.classes) & set(assumed.middle.vehicles) & set(
            assumed.middle.classes
        ):
            yield _road(stock, length, assumed)
    for people, parties in _near(figures, figures):
        if people.row.kind.in_parties == parties.row.quantity:
            yield from _people(people, parties, assumed)
    for one, other in combinations(figures, 2):
        if _kind_of(one.row) == _kind_of(other.row):
            yield from _twice(one, other, assumed)


def _is_of_queue(row: Reported) -> bool:
    """Return whether a row is the wait of everybody in a queue, and not of one traveller or of one way across."""
    return row.kind.is_wait and not row.individual and row.quantity != "sojourn"


def _kind_of(row: Reported) -> tuple[str, str | None, bool]:
    return row.quantity, row.way, row.individual


def _near(some: list[Figure], others: list[Figure]) -> Iterator[tuple[Figure, Figure]]:
    return ((a, b) for a in some for b in others if a is not b and time_between(a.row, b.row) <= TOUCHING)


def _rates(stock: Figure, wait: Figure, flows: list[Figure], assumed: Assumed) -> Iterator[Finding]:
    """Yield the rate that a queue and its wait imply, compared with every flow that includes it."""
    printed, believed = stock.of_whole_queue(stock.printed), stock.of_whole_queue(stock.believed)
    rates = throughput(printed, wait.printed), throughput(believed, wait.believed)
    more = tuple(name for name in stock.row.classes if name not in wait.row.classes)
    needs = [Need("same_wait", rates[0].printed, "parties/h", more)] if more else []
    beside = [
        flow
        for flow in flows
        if flow.row.quantity == "crossed_parties"
        and set(flow.row.classes) >= set(stock.row.classes)
        and time_between(flow.row, stock.row) <= TOUCHING
    ]
    for flow in beside:
        yield _beside_flow((stock, wait, flow), rates, needs, assumed)
    if not beside:
        yield _beside_capacity((stock, wait), rates, needs, assumed)


def _beside_flow(
    figures: tuple[Figure, Figure, Figure], rates: tuple[Range, Range], needs: list[Need], assumed: Assumed
) -> Finding:
    """Compare the rate through a queue with all that crossed; the rest of them bypassed it."""
    (stock, wait, flow), (implied, believed) = figures, rates
    out = hourly(flow, assumed)
    verdict: Verdict = "together" if implied.meets(out) else "only if"
    rate = implied.printed if verdict == "together" else implied
    needs = [*needs]
    longer = hours_of(flow.row) > hours_of(stock.row)
    if rate.high < out.low:
        others = tuple(name for name in flow.row.classes if name not in stock.row.classes)
        needs += [Need("past_queue", share_past(rate, out), "share", others), *_none_past(stock, wait, out)]
    elif rate.low > out.high:
        if not (verdict == "together" or needs or longer or believed.meets(hourly(flow, assumed, believed=True))):
            verdict = "not together"
        needs.append(Need("gave_up", excess(rate, out), "parties/h"))
        needs += [Need("faster", rate / out, "times")] if longer else []
    if hours_of(flow.row) > 2 * hours_of(stock.row) and "faster" not in [need.what for need in needs]:
        needs.append(Need("mean_for_day", Range.exactly(hours_of(flow.row) / 24), "d"))
    return Finding("rate", figures, implied, believed, "parties/h", out, verdict, tuple(needs))


def _none_past(stock: Figure, wait: Figure, out: Range) -> Iterator[Need]:
    """Yield the queue, or the wait, at which all would pass through the queue, where the printed ranges allow it."""
    if queue := (out * wait.printed.mid).within(stock.of_whole_queue(stock.printed)):
        yield Need("queue", queue, "parties", stock.row.classes)
    if hours := (stock.printed.printed / out).within(wait.printed):
        yield Need("wait", hours, "h")


def _beside_capacity(
    figures: tuple[Figure, Figure], rates: tuple[Range, Range], needs: list[Need], assumed: Assumed
) -> Finding:
    """Compare the rate through a queue with the capacity of the scenario's stations, where no flow was reported."""
    (stock, wait), (implied, believed) = figures, rates
    most = assumed.capacity(stock.row.crossing, wait.row.classes[0])
    verdict: Verdict = "together"
    rate = implied.printed
    if implied.low > most.high:
        verdict, rate = "only if" if needs or believed.low <= most.high else "not together", implied
    if rate.low > most.high:
        needs = [*needs, Need("gave_up", excess(rate, Range.exactly(most.high)), "parties/h")]
    return Finding("rate", figures, implied, believed, "parties/h", most, verdict, tuple(needs))


def _road(stock: Figure, length: Figure, assumed: Assumed) -> Finding:
    """Compare a number of vehicles with the kilometres that they are reported to fill."""
    counts = stock.of_whole_queue(stock.printed), stock.of_whole_queue(stock.believed)
    implied, believed = metres_each(length.printed, counts[0]), metres_each(length.believed, counts[1])
    spacing = assumed.spacing(stock.row.classes)
    kilometres = length.printed.mid
    usual = assumed.files(stock.row.crossing, kilometres)
    possible = files_abreast(counts[0], spacing, length.printed)
    needs = [
        Need("files", files_abreast(stock.printed.printed, spacing, length.printed.printed)),
        Need("files_possible", possible),
        Need("files_assumed", usual),
        Need("stands", usual * (1000 * kilometres) / spacing, "parties"),
    ]
    if stock.reach:
        nearer = Range(*(min(end, kilometres) for end in (stock.reach.low, stock.reach.mid, stock.reach.high)))
        needs.append(Need("files_within", files_abreast(stock.printed.printed, spacing, nearer)))
    verdict: Verdict = "together"
    if possible.high * ONE_FILE < 1:
        between = _between(stock, length, assumed, 1000 * kilometres - stock.printed.mid * spacing.mid)
        verdict = "only if" if between else "not together"
        needs += between
    elif possible.low > ONE_FILE:
        verdict = "only if" if possible.low <= MOST_FILES else "not together"
    return Finding("road", (stock, length), implied, believed, "m", spacing, verdict, tuple(needs))


def _between(stock: Figure, length: Figure, assumed: Assumed, metres: float) -> list[Need]:
    """Return the vehicles, of classes that only the length counts, that would fill `metres` of a single file."""
    described = [name for name in assumed.middle.classes if name in assumed.middle.vehicles]
    others = tuple(name for name in length.row.classes if name in described and name not in stock.row.classes)
    if not others:
        return []
    spacing = assumed.spacing(others)
    return [Need("between", Range.exactly(metres) / spacing, "parties", others)]


def _people(people: Figure, parties: Figure, assumed: Assumed) -> Iterator[Finding]:
    """Yield the people per party in two flows, or the people in a queue of parties."""
    waiting = not people.row.kind.flow
    each = assumed.people_each(parties.row if waiting else people.row, parties.row)
    if isnan(each.mid):
        return
    if waiting:
        ranges, unit, beside = _waiting(people, parties, each), "people", people.printed
    else:
        ranges, unit, beside = _each(people, parties, assumed), "people/party", each
    implied, believed = ranges
    verdict: Verdict = "together"
    needs = [Need("people_each", each, "people/party")]
    if not implied.meets(beside):
        other = people.believed if unit == "people" else each
        uneven = [] if waiting else _uneven(people.row, parties.row, implied / each)
        off = [] if uneven else [Need("reports_off", Range.exactly(gap(implied, beside)))]
        verdict = "only if" if uneven or believed.meets(other) else "not together"
        needs += [*uneven, *off]
    yield Finding("people", (people, parties), implied, believed, unit, beside, verdict, tuple(needs))


def _uneven(people: Reported, parties: Reported, more: Range) -> list[Need]:
    """Return the share of the parties that must have crossed in the common hours, if that is possible."""
    share = (more * (overlap(people, parties) / hours_of(parties))).within(UP_TO_ALL)
    differ = (people.from_, people.until) != (parties.from_, parties.until)
    return [Need("uneven", share, "share")] if differ and share else []


def _waiting(people: Figure, parties: Figure, each: Range) -> tuple[Range, Range]:
    """Return the people in a queue, printed and believed: a bound where the other figure counts more or fewer."""
    printed, believed = parties.printed * each, parties.believed * each
    if parties.reach or set(people.row.classes) > set(parties.row.classes):
        return printed.at_least(), believed.at_least()
    if set(people.row.classes) < set(parties.row.classes):
        return printed.at_most(), believed.at_most()
    return printed, believed


def _each(people: Figure, parties: Figure, assumed: Assumed) -> tuple[Range, Range]:
    """Return the people per party that crossed, printed and believed.

    For two counts of the same directions, in the same unit and window, the outbound share cancels.
    """
    rates = {unit_of(figure.row).endswith("/h") for figure in (people, parties)}
    alike = people.row.directions == parties.row.directions and len(rates) == 1
    if alike and (people.row.from_, people.row.until) == (parties.row.from_, parties.row.until):
        return people.printed / parties.printed, people.believed / parties.believed
    printed, believed = (
        hourly(people, assumed, believed=flag) / hourly(parties, assumed, believed=flag) for flag in (False, True)
    )
    return printed, believed


def _twice(one: Figure, other: Figure, assumed: Assumed) -> Iterator[Finding]:
    """Yield the comparison of two figures of the same quantity."""
    if not one.row.kind.flow:
        yield from _level(*sorted((one, other), key=lambda figure: figure.row.from_))
    elif overlap(one.row, other.row):
        yield from _flow(one, other, assumed)


def _level(first: Figure, second: Figure) -> Iterator[Finding]:
    """Yield how two counts of the same kind differ: over time, by what they count, or by the error of reports.

    A largest and a mean value of overlapping windows are not compared.
    """
    a, b = first.row, second.row
    distance = time_between(a, b)
    if distance > CHANGING or not (counts_all(first, second) or counts_all(second, first)):
        return
    if (a.kind.is_wait and a.classes[0] != b.classes[0]) or (distance < TOUCHING and a.statistic != b.statistic):
        return
    wider, narrower = (first, second) if counts_all(first, second) else (second, first)
    needs = [] if wider.printed.meets(narrower.printed) else list(_differs(first, second, wider, narrower))
    verdict: Verdict = "only if" if needs else "together"
    if "reports_off" in [need.what for need in needs] and not wider.believed.meets(narrower.believed):
        verdict = "not together"
    implied, believed = second.printed / first.printed, second.believed / first.believed
    yield Finding("level", (first, second), implied, believed, "times", None, verdict, tuple(needs))


def _differs(first: Figure, second: Figure, wider: Figure, narrower: Figure) -> Iterator[Need]:
    """Yield how two counts can differ: by what only the wider one includes, over time, or by the error of reports."""
    more = excess(wider.printed, narrower.printed)
    elsewhere = more.low > 0 and not counts_all(narrower, wider)
    later = time_between(first.row, second.row) >= TOUCHING
    if elsewhere:
        classes = tuple(name for name in wider.row.classes if name not in narrower.row.classes)
        yield Need("elsewhere", more, unit_of(wider.row), classes)
    if later:
        hours = (_middle(second.row) - _middle(first.row)) / timedelta(hours=1)
        yield Need("changed", change(first.printed, second.printed, hours), unit_of(first.row))
    if not (elsewhere or later):
        yield Need("reports_off", Range.exactly(gap(wider.printed, narrower.printed)))


def _middle(row: Reported) -> datetime:
    return row.from_ + (row.until - row.from_) / 2


def _flow(one: Figure, other: Figure, assumed: Assumed) -> Iterator[Finding]:
    """Yield the share of the longer window's crossings that must lie in the hours common to both windows."""
    if not (counts_all(one, other) or counts_all(other, one)) or "max" in (one.row.statistic, other.row.statistic):
        return
    longer, shorter = (one, other) if hours_of(one.row) >= hours_of(other.row) else (other, one)
    common, hours = overlap(one.row, other.row), hours_of(longer.row)
    printed, believed = (
        hourly(shorter, assumed, believed=flag) * common / (hourly(longer, assumed, believed=flag) * hours)
        for flag in (False, True)
    )
    usual = Range.exactly(common / hours)
    needs: tuple[Need, ...] = ()
    verdict: Verdict = "together"
    if not printed.meets(usual):
        share = printed.within(UP_TO_ALL) if common < hours else None
        off = share is None and (believed.low <= 1 if common < hours else believed.meets(usual))
        verdict = "only if" if share or off else "not together"
        needs = (Need("in_shared_hours", share, "share"),) if share else ()
        needs += (Need("reports_off", Range.exactly(gap(printed, Range.exactly(1.0)))),) if off else ()
    yield Finding("flow", (longer, shorter), printed, believed, "share", usual, verdict, needs)
