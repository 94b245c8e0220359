"""The tables of a network after a run: one row per crossing, and outcomes by origin."""

from __future__ import annotations

import numpy as np

from sim import units
from sim.measures.bounds import FEW_LEFT
from sim.measures.estimates import Estimate
from sim.measures.flows import LAST, Flows
from sim.measures.nights import Night, worst_night
from sim.plotting.names import crossing_name, origin_name, ranged_estimate
from sim.plotting.sheet import Sheet
from sim.plotting.story import Story, at_least, rounded, whole
from sim.scenario.model.scenario import Scenario


def sheets(stories: list[Story], flows: Flows) -> list[Sheet]:
    """Return the tables of a network."""
    nights = [(story, worst) for story in stories if story.by_road and (worst := worst_night(story.nights))]
    return [
        crossings_sheet(stories),
        *([nights_sheet(nights)] if nights else []),
        origins_sheet(stories[0].scenario, flows),
    ]


def crossings_sheet(stories: list[Story]) -> Sheet:
    """Return one row per crossing: people across, their waits, maximum number waiting, and people who went on."""
    columns = ("crossing", "across [5–95 %]", "wait", "90 %", "waiting", "went\non")
    title = (
        "People across (including those without an origin), mean and 90 % quantile of the wait, "
        "maximum number of people waiting, people who went on to another crossing"
    )
    if any(story.ended("unfinished") > FEW_LEFT for story in stories):
        title += f" (≥: a lower bound, for more than {100 * FEW_LEFT:.0f} % are still inside at the end)"
    sheet = Sheet(title, columns, [], (True, *[False] * 5))
    for story in stories:
        sheet.rows.append(
            (
                crossing_name(story.scenario, story.crossing),
                ranged_estimate(story.total("crossed_people")),
                *(_wait(story, name) for name in ("wait_mean", "wait_p90")),
                whole(story.total("max_queue_people").mean),
                whole(story.total("diverted_people").mean),
            )
        )
    return sheet


def _wait(story: Story, quantity: str) -> str:
    text = _time(story.total(quantity))
    return at_least(text) if story.is_bound(quantity) else text


def nights_sheet(nights: list[tuple[Story, Night]]) -> Sheet:
    """Return the worst night at each crossing with a road: people stuck, vehicles, and their need of water."""
    columns = ("crossing", "worst night", "people [5–95 %]", "vehicles", "water (m³)")
    sheet = Sheet(f"Stuck at {nights[0][0].night_hour} on the worst night", columns, [], (True, *[False] * 4))
    for story, night in nights:
        people, water = ranged_estimate(night.people), rounded(night.water.mean / 1000)
        name = crossing_name(story.scenario, story.crossing)
        sheet.rows.append((name, night.name, people, whole(night.vehicles.mean), water))
    return sheet


def _time(estimate: Estimate) -> str:
    return units.show_time(3600 * estimate.mean) if np.isfinite(estimate.mean) else "-"


def origins_sheet(scenario: Scenario, flows: Flows) -> Sheet:
    """Return the mean numbers of people by outcome, for each origin and for all origins."""
    columns = ("origin", "would\nleave", *(name.replace(" ", "\n") for name, _ in FATES))
    sheet = Sheet("What became of people, by origin (means)", columns, [], (True, *[False] * (len(columns) - 1)))
    names = [origin_name(scenario, origin) for origin in flows.origins]
    everybody = [slice(o, o + 1) for o in range(len(names))] + ([slice(None)] if len(names) > 1 else [])
    for name, which in zip([*names, "all origins"], everybody, strict=False):
        people = [flows.of(*ends)[:, which].sum(axis=(1, 2)).mean() for ends in (LAST, *(ends for _, ends in FATES))]
        sheet.rows.append((name, *map(whole, map(float, people))))
    return sheet


FATES = (
    ("crossed", ("crossed",)),
    ("turned back", ("refused", "summoned", "barred")),
    ("gave up", ("reneged", "balked")),
    ("still there", ("unfinished", "on_the_way")),
    ("stayed at home", ("stayed",)),
)
"""Groups of outcomes for the table; together all ends except going on to another crossing."""
