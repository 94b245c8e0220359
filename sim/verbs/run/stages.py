"""The stations of a crossing in order, and where parties may go from each."""

from __future__ import annotations

from collections.abc import Iterator

from sim.engine.plan import NOWHERE
from sim.plotting.story import Story
from sim.scenario.model.steps import beside


def stages_of(story: Story) -> list[list[str]]:
    """Return the stations in order, grouping parallel ones (those of a choice, or that serve different classes)."""
    stages: list[list[str]] = []
    for name, station in story.place.stations.items():
        stage = stages[-1] if stages else []
        others = [story.place.stations[other] for other in stage]
        choice = beside(story.place, name)
        apart = not any(o.only_sent_on or set(o.serves) & set(station.serves) for o in others)
        in_choice = len(choice) > 1 or any(len(beside(story.place, other)) > 1 for other in stage)
        if stage and (set(stage) <= set(choice) if in_choice else apart) and not station.only_sent_on:
            stage.append(name)
        else:
            stages.append([name])
    return stages


def next_stations(story: Story, station: str, *, wait_for_room: bool = False) -> list[str]:
    """Return the stations to which parties may go from a station: on their way, aside, or back from there.

    With `wait_for_room`, those where they are waved through are left out.
    """
    plan, here, place = story.plan, story.number(station), story.place.stations[station]
    classes = story.scenario.classes if place.only_sent_on else place.serves
    ahead = [s for cls in classes for s in _ahead(story, here, story.scenario.class_numbers[cls])]
    ahead += [] if wait_for_room and plan.aside_passes[here] else [int(plan.aside_to[here])]
    ahead += [
        int(plan.office[here]),
        *(s for s, back in enumerate(plan.aside_back) if back and plan.aside_to[s] == here),
    ]
    return [plan.stations[s] for s in dict.fromkeys(ahead) if s != NOWHERE]


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
