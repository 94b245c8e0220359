"""Random small valid scenarios that use all parts of the schema, and tapes on which instants often coincide.

`games()` gives (scenario, plan, tape) for any test of an engine; every second tape has its arrivals on whole minutes,
as are most durations, so that arrivals, ends of service, patience, shifts, ticks and quotes meet at one millisecond.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
from hypothesis import assume

from sim.engine.draw.tape_from import draw
from sim.engine.lower.plan_from import lower
from sim.engine.plan import Plan
from sim.engine.tape import Tape
from sim.scenario.checks.crossings import check
from sim.scenario.model.changes import STAFF_ACTIONS, STATION_ACTIONS
from sim.scenario.model.quantities import CLASSES as STANDARD
from sim.scenario.model.quantities import STREAMS as STANDARD_STREAMS
from sim.scenario.model.quantities import WEEKDAYS
from sim.scenario.model.scenario import Scenario
from tests.engine.build import MINUTE, SPACING

OWN: dict[str, dict[str, Any]] = {"guest": {"kind": "foot"}, "lorry": {"kind": "truck", "spacing": "17 m"}}
"""Classes that a scenario has besides the standard ones."""
CLASSES, STREAMS = (*STANDARD, *OWN), (*STANDARD_STREAMS, *OWN)
Draw = st.DrawFn
Dict = dict[str, Any]
sometimes = st.sampled_from([False, False, False, True])
often = st.booleans()
mostly = st.sampled_from([True, True, False])
shares = st.sampled_from([0.0, 0.2, 0.5, 0.9, 1.0])
instants = st.builds("2022-09-21T{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 0, 10, 30]))
conditions = st.sampled_from(["when t", "unless t", "when u", "unless u"])
minutes = st.builds("{} min".format, st.sampled_from([0, 1, 2, 5, 10, 20, 30, 60]))


spans = st.sampled_from(["30 min", "2 h", {"mean": "1 h", "family": "exponential"}])


@st.composite
def laws(draw: Draw) -> Any:
    mean = draw(minutes)
    family = draw(st.sampled_from(["bare", "bare", "empirical", "exponential", "erlang", "lognormal", "gamma"]))
    if family == "bare":
        return {"family": "deterministic", "mean": mean}
    if family == "empirical":
        return {"family": family, "values": draw(st.lists(minutes, min_size=1, max_size=3))}
    more: Dict = {"erlang": {"k": 3}, "lognormal": {"cv": 0.8}, "gamma": {"cv": 0.5}}.get(family, {})
    return {"family": family, "mean": mean, **more}


@st.composite
def service_times(draw: Draw, of_men: bool) -> Dict:
    law: Dict = {"party": draw(laws())}
    if draw(sometimes):
        law["person"] = draw(laws())
    if of_men and draw(often):
        law["man"] = draw(laws())
    return {"any": law, **({"truck": {"party": draw(laws())}} if draw(sometimes) else {})}


@st.composite
def staffings(draw: Draw, may_quote: bool = False) -> Any:
    servers: Dict = {"servers": draw(st.integers(0, 3))}
    if draw(sometimes):
        starts = sorted(draw(st.sets(instants, min_size=1, max_size=3)))
        servers["steps"] = [{"from": at, "servers": draw(st.integers(0, 4))} for at in starts]
    if draw(sometimes):
        begin = draw(st.integers(0, 22))
        servers["shifts"] = [
            {"days": list(WEEKDAYS), "from": f"{begin:02}:00", "until": f"{begin + 2:02}:00",
             "servers": draw(st.integers(0, 4))}
        ]  # fmt: skip
    if draw(sometimes):
        servers["reacts"] = draw(reactions(may_quote))
    return servers


@st.composite
def reactions(draw: Draw, may_quote: bool) -> Dict:
    to = draw(st.sampled_from(["queue", "people", *(["quoted_wait"] if may_quote else [])]))
    low, high = sorted(draw(st.tuples(st.integers(0, 4), st.integers(0, 6))))
    least, most = sorted(draw(st.tuples(st.integers(0, 2), st.integers(0, 5))))
    unit = " h" if to == "quoted_wait" else ""
    return {
        "to": to,
        "open_above": f"{high}{unit}" if unit else high,
        "close_below": f"{low}{unit}" if unit else low,
        "by": draw(st.integers(1, 2)),
        "at_least": least,
        "at_most": most,
        "delay": draw(st.sampled_from(["0 min", "0 min", "10 min", "50 min"])),
        "checked_every": draw(st.sampled_from(["5 min", "10 min", "1 h"])),
    }


@st.composite
def disciplines(draw: Draw) -> Any:
    kind = draw(st.sampled_from(["fifo", "fifo", "priority", "shares"]))
    if kind == "priority":
        order = draw(st.permutations(STREAMS))
        cut = draw(st.integers(1, len(order) - 1))
        return {"priority": [list(order[:cut]), list(order[cut:])], "interrupts": draw(often)}
    if kind == "shares":
        weights = draw(st.lists(st.integers(1, 5), min_size=len(STREAMS), max_size=len(STREAMS)))
        return {"shares": {name: w / sum(weights) for name, w in zip(STREAMS, weights, strict=True)}}
    return "fifo"


@st.composite
def screenings(draw: Draw, office: str | None) -> Dict:
    parts = draw(st.lists(st.integers(0, 3), min_size=4, max_size=4).filter(any))
    if office is None:
        parts[3], parts[2] = 0, parts[2] + parts[3]
    fates = ("pass", "summoned", "refused", "sent_on")
    return {
        "intensity": draw(st.sampled_from([0.0, 0.5, 1.0, 1.0])),
        "hit_rate": draw(st.sampled_from([0.0, 0.5, 0.9, 1.0])),
        "on_hit": {fate: part / sum(parts) for fate, part in zip(fates, parts, strict=True)},
        **({"office": office} if office else {}),
        "if_office_closed": draw(st.sampled_from(["pass", "summoned", "refused"])),
        "stays_together": draw(st.sampled_from([0.0, 0.0, 0.5, 1.0])),
    }


@st.composite
def by_trait(draw: Draw) -> Dict:
    """What depends on the traits of a party at a station."""
    part: Dict = {"only": [draw(conditions)]} if draw(sometimes) else {}
    if draw(sometimes):
        part["scale_service"] = {draw(conditions): draw(st.sampled_from([0, 0.5, 2]))}
    return part


@st.composite
def paces(draw: Draw) -> Dict:
    tables: Dict = {"servers": {1: 0.8, 3: 1.5}, "queue": {0: 1.3, 4: 0.6}}
    return draw(st.sampled_from([tables, {"servers": tables["servers"]}, {"queue": tables["queue"]}]))


@st.composite
def staff_rules(draw: Draw) -> Dict:
    """Pace and outages."""
    rules: Dict = {"pace": draw(paces())} if draw(sometimes) else {}
    if draw(sometimes):
        rules["lightened"] = {
            "above": draw(st.integers(1, 5)), "below": draw(st.integers(0, 1)), "checked_every": "10 min",
            "at_least_for": draw(st.sampled_from(["0 min", "45 min"])),
            "scale_service": draw(st.sampled_from([0.0, 0.5])),
        }  # fmt: skip
    if draw(sometimes):
        rules["outages"] = {"every": draw(spans), "lasts": draw(spans), "takes": draw(st.sampled_from([1, 2, "all"]))}
    return rules


@st.composite
def of_people(draw: Draw, station: Dict) -> Dict:
    """What a station has otherwise where it serves the people of all parties, or of some classes, one by one."""
    law, discipline = {"one_by_one": draw(laws())}, station["discipline"]
    classes = draw(st.sampled_from([["any"], ["car", "foot"]]))
    if isinstance(discipline, dict) and "interrupts" in discipline:
        discipline = discipline | {"interrupts": False}
    times = station["service_time"] | dict.fromkeys(classes, law)
    return {"service_time": times, "when_staff_leave": "finish", "discipline": discipline}


@st.composite
def stations(draw: Draw, number: int, office: str | None) -> Dict:
    station: Dict = {
        "staffing": draw(staffings(number == 0)),
        "service_time": draw(service_times(office is not None)),
        "discipline": draw(disciplines()),
        "when_staff_leave": draw(st.sampled_from(["finish", "preempt"])),
    }
    station |= draw(by_trait())
    one_by_one = office is None and draw(sometimes)
    station |= draw(of_people(station)) if one_by_one else {}
    if number > 0 and draw(often):
        rooms = ["yard", "field", "yard", "field", {"people": 9}, {"length": "30 m"}]
        station["hall"] = draw(st.one_of(st.integers(int(one_by_one), 4), st.sampled_from(rooms)))
    if number > 0 and station["discipline"] in ("fifo",) and draw(sometimes):
        station["serves"] = draw(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=4, unique=True))
    station |= draw(staff_rules())
    if draw(sometimes):
        station["release"] = {"size": draw(st.integers(1, 4)), "every": draw(st.sampled_from(["7 min", "30 min"]))}
    if draw(sometimes):
        station["patience"] = draw(laws())
    if draw(sometimes):
        station["refusal"] = {"probability": draw(shares), "service_time": draw(laws())}
    if draw(sometimes):
        station["active_from"] = draw(instants)
    elif draw(sometimes):
        station["active_until"] = draw(instants.filter(lambda at: at > "2022-09-21T00:00"))
    if office or draw(st.just(False) if one_by_one else often):
        station["screening"] = draw(screenings(office))
        if "lightened" in station and draw(often):
            station["lightened"]["intensity"] = draw(shares)
    return station


@st.composite
def given_arrivals(draw: Draw, with_bookings: bool) -> Dict:
    """A timetable, bookings, a log, or exact counts."""
    often_at = {"at": "05:00", "every": "90 min", "until": "20:00"}
    schedule = {
        "rows": [{"at": draw(instants), "people": draw(st.integers(0, 30))}, {**often_at, "parties": 2}],
        "spread": draw(laws()),
        "delay": draw(laws()),
        "share": draw(shares),
    }
    bookings = {
        "rows": [{**often_at, "parties": draw(st.integers(0, 3))}],
        "no_show": draw(shares),
        "early": {"share": 0.4, "by": draw(laws()), "then": draw(st.sampled_from(["let_in", "wait", "turn_away"]))},
        "late": {"share": 0.3, "by": draw(laws()), "then": draw(st.sampled_from(["let_in", "turn_away"]))},
    }
    people = draw(st.sampled_from([None, 1, 4]))
    seen = [{"at": at, "people": people} for at in draw(st.lists(instants, min_size=1, max_size=6))]
    counts = [{"from": "2022-09-21T01:00", "until": "2022-09-21T18:00", "count": draw(st.integers(0, 20))}]
    kinds: list[Dict] = [{"schedule": schedule}, {"log": seen}, {"table": counts, "exact": True}]
    return draw(st.sampled_from([*kinds, {"bookings": bookings}] if with_bookings else kinds))


@st.composite
def uneven(draw: Draw, part: Dict) -> Dict:
    """A part with a rate, sometimes with bursts, days that differ, and a calendar."""
    more: Dict = {"bursts": draw(st.sampled_from([3, {1: 0.5, 4: 0.5}])), "day_factor": 0.5}
    chosen = draw(st.lists(st.sampled_from(sorted(more)), max_size=2, unique=True)) if draw(sometimes) else []
    calendar = {"calendar": {"2022-09-21": draw(st.sampled_from([0.0, 0.5, 2.0]))}} if draw(sometimes) else {}
    return part | {key: more[key] for key in chosen} | calendar


@st.composite
def demands(draw: Draw, with_bookings: bool = True) -> Dict:
    begin = draw(instants)
    kinds: dict[str, Dict] = {
        "constant": {"rate": draw(st.sampled_from(["0/h", "1/h", "6/h"]))},
        "pulse": {"at": begin, "parties": draw(st.integers(0, 20)), "lag": draw(laws())},
        "step": {"at": begin, "rate": "4/h", "lag": draw(laws()), "decay": "5 h"},
        "rush": {"announced": "2022-09-21T01:00", "deadline": "2022-09-21T20:00", "parties": 12, "growth": "3 h"},
    }
    chosen = draw(st.lists(st.sampled_from(sorted(kinds)), max_size=2, unique=True))
    given_ = {"given": draw(given_arrivals(with_bookings))} if draw(sometimes) else {}
    return {kind: draw(uneven({kind: kinds[kind]})) for kind in chosen} | given_


@st.composite
def waits(draw: Draw, values: tuple[str, ...]) -> Any:
    if draw(often):
        return draw(st.sampled_from(values))
    return {"0 min": draw(st.sampled_from(values)), "2 h": draw(st.sampled_from(values)), "9 h": values[-1]}


def stops(values: tuple[str, ...]) -> Any:
    """Curves over the share of men stopped."""
    some = st.sampled_from(values)
    return st.one_of(some, st.builds(lambda low, high: {"0 %": low, "40 %": high, "90 %": values[-1]}, some, some))


def deter(behaviour: Dict, draw: Draw) -> None:
    """Add reactions to the men stopped."""
    if draw(often):
        behaviour.setdefault("balk", {})["by_risk"] = draw(stops(("0 %", "20 %", "90 %")))
    if draw(often):
        behaviour.setdefault("renege", {})["by_risk"] = draw(stops(("0 %/h", "10 %/h", "100 %/h")))


@st.composite
def behaviours(draw: Draw, names: list[str]) -> Dict:
    hazards = waits(("0 %/h", "10 %/h", "100 %/h"))
    proportions = waits(("0 %", "30 %", "100 %"))
    behaviour: Dict = {}
    if draw(sometimes):
        behaviour["balk"] = {"queue_over": draw(st.integers(0, 6)), "by_quoted_wait": draw(proportions)}
        if draw(often):
            behaviour["balk"]["queue_of"] = draw(st.lists(st.sampled_from(CLASSES), min_size=1, unique=True))
    for way in ("renege", "change_mode", "bypass"):
        if draw(often):
            behaviour[way] = {"by_quoted_wait": draw(hazards)}
            if draw(sometimes):
                behaviour[way]["from"] = draw(instants)
    if "change_mode" in behaviour:
        bike = draw(shares)
        behaviour["change_mode"] |= {"to": {"bike": bike, "foot": 1 - bike}, "takes": draw(laws())}
    if "bypass" in behaviour:
        joins = draw(st.sampled_from(names))
        behaviour["bypass"] |= {"joins": joins, "local": draw(shares), "at_arrival": draw(proportions)}
    return behaviour


@st.composite
def changes(draw: Draw, names: list[str], staffed: list[str], screening: list[str], parts: list[str]) -> Dict:
    actions: list[Dict] = [
        {"close": True}, {"close": True}, {"open": True}, {"scale_demand": 2.0}, {"bar_non_local": draw(shares)},
        {"servers": draw(st.integers(0, 3))}, {"add_servers": draw(st.integers(-2, 2))}, {"scale_servers": 0.5},
        *([{"intensity": draw(shares)}] if screening else []),
        {"scale_service": draw(st.sampled_from([0.0, 0.5, 1.7]))}, {"refusal": draw(shares)}, {"scale_patience": 0.4},
    ]  # fmt: skip
    change = dict(draw(st.sampled_from(actions)))
    begin, end = sorted((draw(instants), draw(instants)))
    change |= {"from": begin, **({"until": end} if end > begin and draw(often) else {})}
    if "scale_demand" in change and parts and draw(often):
        change["demand"] = draw(st.lists(st.sampled_from(parts), min_size=1, unique=True))
    if set(change) & {"close", "open", *STATION_ACTIONS}:
        some = screening if "intensity" in change else staffed if set(change) & {*STAFF_ACTIONS} else names
        change["stations"] = draw(st.lists(st.sampled_from(some), min_size=1, max_size=2, unique=True))
    if not set(change) & {*STATION_ACTIONS, "demand"} and draw(often):
        change["classes"] = draw(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=3, unique=True))
    return change


@st.composite
def parallels(draw: Draw, names: list[str]) -> Dict:
    """Choices between stations that stand next to each other."""
    choices: Dict = {}
    while len(names) > 1 and draw(mostly):
        size = draw(st.integers(2, len(names)))
        some, names = draw(st.permutations(names[:size])), names[size:]
        by = draw(st.sampled_from(["shortest_queue", "least_wait", "first", "shares", "posted_wait"]))
        weights = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size).filter(any))
        shares = {name: weight / sum(weights) for name, weight in zip(some, weights, strict=True)}
        choice: Dict = {"shares": shares} if by == "shares" else {"one_of": list(some), "by": by}
        if by == "shares" and draw(often):
            ways = st.dictionaries(conditions, st.sampled_from(some).map(lambda name: {name: 1.0}), max_size=2)
            choice["shares_by_trait"] = draw(ways)
        choices[f"choice{len(names)}"] = choice | ({"jockeying": draw(st.integers(2, 4))} if draw(often) else {})
    return choices


def send_aside(stations_by_name: Dict, draw: Draw) -> None:
    """Let some parties of a station go to another after their service: a bay behind it, or any station."""
    for name in [name for name in stations_by_name if draw(sometimes)]:
        to = draw(st.sampled_from(["bay", "bay", *stations_by_name]))
        if to == "bay" and "bay" not in stations_by_name:
            bay: Dict = {
                "only_sent_on": True,
                "staffing": draw(staffings()),
                "service_time": draw(service_times(False)),
            }
            one_by_one = draw(sometimes)
            if one_by_one:
                bay["service_time"] = {"any": {"one_by_one": draw(laws())}}
            stations_by_name["bay"] = bay | ({"hall": draw(st.integers(int(one_by_one), 3))} if draw(often) else {})
        share = {"any": draw(shares)} | ({draw(conditions): draw(shares)} if draw(sometimes) else {})
        aside = {"to": to, "share": share, "if_full": draw(st.sampled_from(["block", "pass"]))}
        if draw(often):
            aside["then"] = "back"
        if draw(often):
            aside["at_most"] = draw(st.integers(1, 4))
        stations_by_name[name] = {**stations_by_name[name], "sent_aside": aside}


def share_servers(stations_by_name: Dict, draw: Draw) -> Dict:
    """Let some stations share a pool, and return the pools."""
    pools: Dict = {}
    free = list(stations_by_name)
    while free and draw(often):
        some = draw(st.lists(st.sampled_from(free), min_size=1, unique=True))
        free = [name for name in free if name not in some]
        one_by_one = any("one_by_one" in str(stations_by_name[name].get("service_time")) for name in some)
        pool = draw(staffings("s0" in some))
        pool["when_staff_leave"] = "finish" if one_by_one else draw(st.sampled_from(["finish", "preempt"]))
        weights = draw(st.lists(st.integers(1, 5), min_size=len(some), max_size=len(some)))
        by_share = {"shares": {name: w / sum(weights) for name, w in zip(some, weights, strict=True)}}
        pool["next"] = draw(st.sampled_from(["longest_wait", "order", by_share]))
        if draw(sometimes):
            pool["outages"] = {"every": draw(spans), "lasts": draw(spans), "takes": draw(st.sampled_from([1, "all"]))}
        pools[f"pool{len(free)}"] = pool
        for name in some:
            own = {key: part for key, part in stations_by_name[name].items() if key not in STAFF_KEYS}
            staffing: Dict = {
                "pool": f"pool{len(free)}",
                **({"at_most": draw(st.integers(1, 2))} if draw(often) else {}),
            }
            if isinstance(own.get("discipline"), dict) and "interrupts" in own["discipline"]:
                own["discipline"] = {"priority": own["discipline"]["priority"]}
            stations_by_name[name] = {**own, "staffing": staffing}
    return pools


STAFF_KEYS = ("staffing", "when_staff_leave", "outages")


@st.composite
def busy_booths(draw: Draw) -> Dict:
    """A crossing where parties change between two to four queues beside each other, some behind a gate."""
    names = ["a", "b", "c", "d"][: draw(st.integers(2, 4))]
    booths: Dict = {name: draw(stations(1, None)) | {"staffing": draw(staffings(True))} for name in names}
    for booth in booths.values():
        booth.pop("active_from", None), booth.pop("serves", None)
    gate = {"gate": {"staffing": 3, "service_time": draw(laws())}} if draw(often) else {}
    choice = {
        "jockeying": draw(st.integers(2, 4)),
        "by": draw(st.sampled_from(["shortest_queue", "first", "posted_wait"])),
    }
    impatient = {"car": {"renege": {"by_quoted_wait": "50 %/h"}}, "bus": {"change_mode": {
        "by_quoted_wait": "50 %/h", "to": {"foot": 1}, "takes": "5 min"}}}  # fmt: skip
    return {
        "road": {"stretches": [{"files": 1}]},
        "zones": {"yard": {"capacity": 5}, "field": {"length": "45 m"}},
        "stations": {**gate, **booths},
        "parallel": {"booths": {"one_of": draw(st.permutations(names)), **choice}},
        "demand": {cls: {"day": {"constant": {"rate": "5/h"}}} for cls in ("car", "bus", "guest")},
        "behaviour": impatient if draw(often) else {},
        "changes": draw(st.lists(changes(names, names, [], []), max_size=2)),
    }


@st.composite
def initial_queues(draw: Draw) -> Any:
    parties = draw(st.integers(0, 6))
    return {"parties": parties, "waited": draw(laws())} if draw(sometimes) else parties


@st.composite
def crossings(draw: Draw) -> Dict:
    count = draw(st.integers(1, 4))
    with_office = draw(st.one_of(st.none(), st.integers(0, count - 1)))
    stations_by_name = {f"s{n}": draw(stations(n, "office" if n == with_office else None)) for n in range(count)}
    names = list(stations_by_name)
    if with_office is not None:
        office: Dict = {"only_sent_on": True, "staffing": draw(staffings()), "service_time": draw(service_times(True))}
        if draw(often):
            office["refusal"] = {"probability": draw(shares), "service_time": draw(laws())}
        cut = draw(st.integers(with_office + 1, count))
        stations_by_name = (
            {n: stations_by_name[n] for n in names[:cut]}
            | {"office": office}
            | {n: stations_by_name[n] for n in names[cut:]}
        )
    after = names if with_office is None else names[cut:]
    send_aside(stations_by_name, draw)
    pools = share_servers(stations_by_name, draw)
    staffed = [name for name in names if "pool" not in (stations_by_name[name]["staffing"])] + list(pools)
    coming = draw(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=4, unique=True))
    screening = [name for name, station in stations_by_name.items() if "screening" in station]
    demand = {cls: draw(demands()) for cls in coming}
    parts = sorted({part for kinds in demand.values() for part in kinds})
    behaviour = {cls: draw(behaviours(names)) for cls in coming if draw(often)}
    if screening:
        for cls in coming:
            deter(behaviour.setdefault(cls, {}), draw)
    return {
        "road": {"stretches": [{"files": 1}]},
        "zones": {
            "yard": {"capacity": draw(st.integers(1, 6))},
            "field": {"length": draw(st.sampled_from(["20 m", "45 m"]))},
        },
        "stations": stations_by_name,
        "parallel": draw(parallels(after)),
        "pools": pools,
        "demand": demand,
        "initial_queue": {cls: draw(initial_queues()) for cls in coming},
        "behaviour": behaviour,
        "changes": draw(st.lists(changes(names, staffed, screening, parts), max_size=3)),
        "quote": {
            "every": "30 min", "window": draw(st.sampled_from(["30 min", "2 h"])),
            "covers": draw(st.sampled_from(["queue", "way"])),
        },
        "word_of_stops": {
            "window": draw(st.sampled_from(["30 min", "3 h"])),
            "delay": draw(st.sampled_from(["0 h", "45 min"])),
            "drive": draw(st.sampled_from(["0 h", "1 h", "100 min"])),
        },
    }  # fmt: skip


@st.composite
def destinations(draw: Draw, coming: list[str]) -> Dict:
    destination: Dict = {
        "admits": draw(st.sampled_from([0.6, 0.9, 1.0, 1.0])),
        "informed": draw(st.sampled_from([0.0, 0.5, 1.0, 1.0])),
        "risk": draw(shares),
        "price": draw(st.sampled_from([0, 500])),
    }
    if draw(often):
        destination["travels_as"] = {draw(st.sampled_from(coming)): draw(st.sampled_from(CLASSES))}
    return destination


@st.composite
def news(draw: Draw) -> Dict:
    what: list[Dict] = [
        {"admits": 0.2}, {"admits": 1.0}, {"informed": 0.5}, {"risk": 1.0}, {"price": 100.0}, {"attraction": 2.0},
        {"bar_non_local": 0.5}, {"close": True},
    ]  # fmt: skip
    change = dict(draw(st.sampled_from(what)))
    begin, end = sorted((draw(instants), draw(instants)))
    return {"from": begin, **({"until": end} if end > begin and draw(often) else {}), **change}


@st.composite
def impatience(draw: Draw) -> Dict:
    """Why parties leave a crossing that they came to."""
    behaviour: Dict = {}
    if draw(often):
        behaviour["balk"] = {"queue_over": draw(st.integers(0, 4))}
    if draw(often):
        behaviour["renege"] = {"by_quoted_wait": draw(st.sampled_from(["50 %/h", "300 %/h"]))}
    return behaviour


@st.composite
def networks(draw: Draw, names: list[str]) -> Dict:
    hours = st.sampled_from(["0 h", "20 min", "1 h", "3 h"])
    pairs = [(one, other) for i, one in enumerate(names) for other in names[i + 1 :]]
    between: Dict = {}
    for one, other in draw(st.one_of(st.just(pairs), st.just(pairs), st.lists(st.sampled_from(pairs), unique=True))):
        between.setdefault(one, {})[other] = draw(hours)
    coming = draw(st.lists(st.sampled_from(CLASSES), min_size=1, max_size=2, unique=True))
    constant: Dict = {"constant": {"rate": draw(st.sampled_from(["1/h", "4/h"]))}}
    some = st.lists(st.sampled_from(names), min_size=1, unique=True)
    origins = {
        name: {
            "demand": {cls: {"all": constant, **draw(demands(False))} for cls in coming},
            "travel": {x: draw(hours) for x in draw(st.one_of(st.just(names), st.just(names), some))},
        }
        for name in draw(st.sampled_from([("o",), ("o",), ("o", "p")]))
    }
    choice: Dict = {
        "travel": draw(st.sampled_from([0.0, -0.5])),
        "wait": draw(st.sampled_from([0.0, -1.0, -3.0, -3.0])),
        "risk": -1.0,
        "price": -0.2,
        "stay": draw(st.sampled_from([None, None, None, -1.0])),
        "switching": draw(st.sampled_from([0.0, 0.5])),
        "reconsider": draw(st.sampled_from([0.0, 0.5, 0.8, 0.8, 1.0])),
        "diversions": draw(st.sampled_from([0, 1, 2, 3, 9])),
        "drive_cv": draw(st.sampled_from([0.0, 0.0, 0.5])),
    }
    return {"origins": origins, "between": between, "choice": choice}


def add_network(description: Dict, network: Dict, draw: Draw) -> None:
    """Make crossings of their own part of a network: what travellers know of them, and why they go on to others."""
    description["network"] = network
    coming = sorted({cls for origin in network["origins"].values() for cls in origin["demand"]})
    for x in description["crossings"].values():
        x["destination"] = draw(destinations(coming))
        x["quote"]["delay"] = draw(hours_or_none)
        x["changes"] += draw(st.lists(news(), max_size=2))
        names = [name for name in x["stations"] if name != "office"]
        for cls in sorted({*coming, *x["destination"].get("travels_as", {}).values()}):
            x["behaviour"].setdefault(cls, draw(behaviours(names))).update(draw(impatience()))
        for behaviour in x["behaviour"].values():
            if "change_mode" in behaviour:
                behaviour["change_mode"] |= {"to": {"bike": 0.5, "foot": 0.5}, "takes": "10 min"}


@st.composite
def scenarios(draw: Draw, with_network: bool = False, of: st.SearchStrategy[Dict] | None = None) -> Scenario:
    people = st.sampled_from([1, 2, {"mean": 2.5, "max": 5}, {1: 0.5, 4: 0.5}])
    classes = {
        cls: {**OWN.get(cls, {"spacing": SPACING.get(cls)}), "people": draw(people), "men_share": draw(shares)}
        for cls in CLASSES
    }
    for each in classes.values():
        each["local_share"] = draw(shares)
    classes["car"]["traits"] = {"t": draw(shares), "u": draw(shares)}
    if draw(often):
        classes["truck"]["traits"] = {"t": draw(shares)}
    names = draw(st.sampled_from([("a", "b"), ("a", "b", "c")] if with_network else [("a",), ("a",), ("a", "b")]))
    description: Dict = {
        "name": "random",
        "title": "random",
        "clock": {
            "timezone": "UTC", "t0": "2022-09-21T06:00", "start": "2022-09-21", "horizon": "2022-09-22",
            "warm_up": draw(st.sampled_from(["0 h", "0 h", "0 h", "5 h", "90 min"])),
        },
        "classes": classes,
        "crossings": {name: draw(crossings() if of is None else of) for name in names},
    }  # fmt: skip
    if with_network:
        add_network(description, draw(networks(list(names))), draw)
    scenario = Scenario.model_validate(description)
    assume(not list(check(scenario)))
    return scenario


hours_or_none = st.sampled_from(["0 h", "45 min", "3 h"])


@st.composite
def games(
    draw_: Draw, with_network: bool = False, of: st.SearchStrategy[Dict] | None = None
) -> tuple[Scenario, Plan, Tape]:
    """A scenario (with crossings `of` a kind), its plan, and a tape: every second one has arrivals on whole minutes."""
    scenario = draw_(scenarios(with_network, of))
    plan = lower(scenario)
    tape = draw(scenario, plan, draw_(st.integers(0, 5)), draw_(st.integers(0, 2)))
    if draw_(often):
        tape = replace(tape, arrived_at=tape.arrived_at // MINUTE * MINUTE)
    return scenario, plan, tape
