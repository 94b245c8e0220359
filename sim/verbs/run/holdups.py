"""Stations whose servers are blocked by a full hall, and the stations that hold them up."""

from __future__ import annotations

from collections.abc import Iterator

from sim.engine.plan import NOWHERE
from sim.measures.names import at_station
from sim.plotting.rail import words
from sim.plotting.story import LEAST_BLOCKED, Story
from sim.verbs.run.stages import next_stations


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
    ahead = next_stations(story, station, wait_for_room=True)
    return [name for name in ahead if story.plan.zone[story.number(name)] != NOWHERE]
