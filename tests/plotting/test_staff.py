"""The panels of servers: when checks are lightened."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from sim.measures.estimates import Band
from sim.measures.names import Key, at_station
from sim.plotting.staff import shade_lightened
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
