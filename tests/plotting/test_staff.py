"""The panels of servers: when checks are lightened."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from sim.measures.estimates import Band
from sim.measures.names import Key, at_station
from sim.plotting.staff import servers_words, shade_lightened
from tests.plotting import synthetic


@pytest.mark.parametrize(("share", "label"), [(0.4, ["checks lightened (darkest: 40 % of the time)"]), (0.0, [])])
def test_the_time_of_lightened_checks_is_shaded_where_there_is_any(share: float, label: list[str]) -> None:
    story = synthetic.story(2)
    light = np.zeros(len(story.at))
    light[3:7] = share
    name = next(iter(story.stations))
    story.estimates.series[Key(story.crossing, "lightened", at_station(name))] = Band(*7 * [light])
    axes = Figure().add_subplot()
    shade_lightened(axes, story, name)
    assert axes.get_legend_handles_labels()[1] == label
    assert bool(axes.collections) == bool(label)


def test_servers_are_those_of_the_draws_where_their_number_is_drawn() -> None:
    story = synthetic.story()
    key = Key(story.crossing, "servers", at_station("gate"))
    assert servers_words(story, "gate") == "4 servers"
    points = np.ones(len(story.at))
    story.estimates.series[key] = Band(*(points * servers for servers in (4, 1.2, 4, 6.6, 3.9, 4.1)), n=points)
    assert servers_words(story, "gate") == "4 servers"
    assert servers_words(replace(story, posterior_note="drawn"), "gate") == "1–7 servers"
