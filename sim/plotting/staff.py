"""The panels of servers: where they react to the queue or break down, and where stations share them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_rgba

from sim.engine.plan import NOWHERE
from sim.measures.names import at_station
from sim.measures.servers import pools_of, staffing
from sim.plotting.colours import INK, OWN_COLOURS, SPAN_COLOURS
from sim.plotting.panels import finish
from sim.plotting.rail import words
from sim.plotting.story import Story, rounded
from sim.scenario.model.teams import teams_of

LIGHTENED, DARKEST = "#E69F00", 0.5
"""Colour of the time in which checks are lightened, and its opacity where they are so for most of an interval."""


def shown(story: Story) -> list[str]:
    """Return the stations whose servers differ between replications or whose checks are lightened, and all pools."""
    plan, own = story.plan, {name: story.number(name) for name in story.stations}
    varying = [name for name, s in own.items() if (plan.staff_varies[s] and plan.pool[s] < 0) or plan.light_every[s]]
    return varying + pools_of(story.plan, story.crossing)


def outage_notes(story: Story, names: Sequence[str]) -> list[str]:
    """Return a sentence for each station that breaks down: how long servers are out of order."""
    shares = {name: story.total("out_of_order_share", at_station(name)).mean for name in names}
    return [
        f"{words(name)}: some servers are out of order for {rounded(100 * share)} % of the time, which lowers the mean"
        for name, share in shares.items()
        if np.isfinite(share)
    ]


def servers(axes: Axes, story: Story, name: str) -> None:
    """Draw the servers at work at a station or in a pool, and those of the plan; of a pool, also where they serve."""
    band = story.band("servers", at_station(name))
    label = f"{words(name)}: servers at work"
    if name in pools_of(story.plan, story.crossing) and band is not None:  # a band would cover where they serve
        _by_station(axes, story, name)
        label = f"{label}, mean"
    elif band is not None:
        low, high, colour = band.p05, band.p95, SPAN_COLOURS["waiting"]
        axes.fill_between(story.at, low, high, step="post", color=colour, alpha=0.22, linewidth=0)
    if band is not None:
        axes.plot(story.at, band.mean, color=SPAN_COLOURS["waiting"], drawstyle="steps-post", label=label)
    number, plan = story.number(name), story.plan
    at, planned, there = staffing(plan, plan.staffing, number)
    if name in story.stations or plan.staff_varies[plan.pool_first[number - len(plan.stations)]]:
        days = story.day(story.scenario.clock.t0) + np.append(at, plan.horizon) / 86_400_000
        steps = np.append(planned * there, (planned * there)[-1])
        axes.plot(days, steps, color=INK, linestyle="--", drawstyle="steps-post", label="by the plan")
    shade_lightened(axes, story, name)
    finish(axes, "servers", story, [band], [])


def shade_lightened(axes: Axes, story: Story, name: str) -> None:
    """Shade the time in which the checks of a station are lightened, the darker, the longer in an interval."""
    band = story.band("lightened", at_station(name))
    most = 0.0 if band is None else float(np.nanmax(band.mean))
    if band is None or not most:
        return
    shades = LinearSegmentedColormap.from_list("lightened", [to_rgba(LIGHTENED, 0), to_rgba(LIGHTENED, DARKEST)])
    across = axes.get_xaxis_transform()
    edges = np.append(story.at, story.limits[1])
    axes.pcolormesh(edges, (0, 1), band.mean[None, :], cmap=shades, vmin=0, vmax=most, transform=across, zorder=0)
    many = f" (darkest: {100 * most:.0f} % of the time)" if most < 1 else ""
    axes.fill_between([], [], [], color=LIGHTENED, alpha=DARKEST, linewidth=0, label=f"checks lightened{many}")


def _by_station(axes: Axes, story: Story, pool: str) -> None:
    """Stack the servers in service at the stations of a pool, means of every interval."""
    stations = next(team.stations for team in teams_of(story.place) if team.name == pool)
    bands = [story.band("servers_in_service", at_station(name)) for name in stations]
    below = np.zeros(len(story.at))
    for n, (name, band) in enumerate(zip(stations, bands, strict=True)):
        if band is None:
            continue
        above = below + np.nan_to_num(band.mean)
        colour = OWN_COLOURS[n % len(OWN_COLOURS)]
        label = f"in service at {words(name)}"
        axes.fill_between(story.at, below, above, step="post", color=colour, alpha=0.55, linewidth=0, label=label)
        below = above


def servers_words(story: Story, name: str) -> str:
    """Return how many servers a station has: '12 servers', '9–12 servers', '2–5 shared'."""
    plan, s = story.plan, story.number(name)
    _, servers, there = staffing(plan, plan.staffing, s)
    present = servers[there == 1]
    low, high = int(present.min(initial=1000)), int(present.max(initial=0))
    team, limit = plan.team(s), int(plan.pool_limit[s])
    if plan.checked_every[team]:  # the control keeps to these limits while the plan has anybody
        low, high = min(low, int(plan.at_least[team]), limit), min(int(plan.at_most[team]), limit)
    low, high = _drawn_servers(story, name, low, high)
    if plan.pool[s] != NOWHERE:
        return f"{high} shared" if low >= high else f"{low}–{high} shared"
    return f"{high} server{'' if high == 1 else 's'}" if low >= high else f"{low}–{high} servers"


def _drawn_servers(story: Story, name: str, low: int, high: int) -> tuple[int, int]:
    """Return the fewest and the most servers, over the 5-95 % of the draws where their number is not known."""
    band = story.band("servers", at_station(name))
    if not story.posterior_note or band is None:
        return low, high
    there = band.p05 > 0
    if not there.any():
        return low, high
    return min(low, round(float(band.p05[there].min()))), max(high, round(float(band.p95[there].max())))
