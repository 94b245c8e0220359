"""Stations whose servers are blocked by a full hall, and the stations that hold them up."""

from __future__ import annotations

from collections.abc import Iterator

from sim.engine.plan import NOWHERE
from sim.measures.names import at_station
from sim.plotting.rail import words
from sim.plotting.story import LEAST_BLOCKED, Story


def held_up(story: Story) -> Iterator[str]:
    """Yield a sentence for each station whose servers are blocked, with the stations that hold it up."""
    for name in story.stations:
        share = story.total("blocked_share", at_station(name)).mean
        if share >= LEAST_BLOCKED:
            causes = " and ".join(map(words, _causes(story, name)))
            by = f"held up by {causes}; " if causes else ""
            yield f"{words(name)}: {by}its servers are blocked for {100 * share:.0f} % of their time."


def _causes(story: Story, station: str) -> list[str]:
    """Return the stations whose full halls block the servers of a station, past those that are held up themselves.

    A station is held up itself if its servers are blocked for longer than they serve.
    """
    causes, seen, ahead = list[str](), {station}, _next_halls(story, station)
    while ahead:
        name = ahead.pop(0)
        if name in seen:
            continue
        seen.add(name)
        blocked, busy = (story.total(what, at_station(name)).mean for what in ("blocked_share", "utilisation"))
        beyond = [other for other in _next_halls(story, name) if other not in seen]
        if blocked > busy and beyond:
            ahead += beyond
        else:
            causes.append(name)
    return causes


def _next_halls(story: Story, station: str) -> list[str]:
    """Return the stations whose limited room parties may need next: on their way, aside, or back from there."""
    plan, here = story.plan, story.number(station)
    ahead = [
        s
        for cls in story.place.stations[station].serves
        for s in _ahead(story, here, story.scenario.class_numbers[cls])
    ]
    ahead += [int(plan.aside_to[here])] if not plan.aside_passes[here] else []
    ahead += [s for s, back in enumerate(plan.aside_back) if back and plan.aside_to[s] == here]
    return [plan.stations[s] for s in dict.fromkeys(ahead) if s != NOWHERE and plan.zone[s] != NOWHERE]


def _ahead(story: Story, station: int, cls: int) -> Iterator[int]:
    """Yield the stations of the next step of a class, and of those after it while parties may pass a step by."""
    plan, s = story.plan, int(story.plan.next[station, cls])
    while s != NOWHERE:
        step = plan.beside_of(s, cls)
        yield from step
        names = (story.place.stations[plan.stations[other]] for other in step)
        if not all(each.only or each.active_from or each.active_until for each in names):
            return
        s = int(plan.next[s, cls])
