"""The picture of waits by trait: of the parties of a class that have a trait, beside those that lack it."""

from __future__ import annotations

from matplotlib.figure import Figure

from sim.measures.headline import phrase
from sim.measures.names import Key, by_trait
from sim.plotting.colours import INK, MUTED, colour_of
from sim.plotting.lettering import text_width, wrapped
from sim.plotting.page import heading
from sim.plotting.story import Story, at_least, rounded
from sim.plotting.style import sheet
from sim.scenario.model.traits import conditions_of
from sim.units import SCALES, waits_unit


def known(story: Story) -> list[tuple[str, str]]:
    """Return the classes and conditions on traits of which some parties crossed."""
    pairs = ((cls, condition) for cls in story.classes for condition in conditions_of(story.scenario, cls))
    return [pair for pair in pairs if story.total("wait_mean", by_trait(*pair)).n > 0]


def waits(story: Story) -> Figure:
    """Draw the mean wait, and the mean time until across, by class and trait, each with its 5–95 % range."""
    pairs = known(story)
    names = [phrase(Key("", "", by_trait(*pair)), story.scenario.class_words).removeprefix(", ") for pair in pairs]
    inner, left = 0.5 * max(len(pairs), 2), max(text_width(name, 11) for name in names) + 0.6
    wide, height = left + 5.6 + 1.8, inner + 2.0
    figure = sheet(wide, height)
    how = f"{story.how}; pale: the time until across"
    heading(figure, f"Waits by trait: {story.title}", wrapped(how, wide - 0.6, 10.5))
    axes = figure.add_axes((left / wide, 0.65 / height, 5.6 / wide, inner / height))
    totals = [[story.total(what, by_trait(*pair)) for what in ("sojourn_mean", "wait_mean")] for pair in pairs]
    unit = waits_unit(3600 * total.mean for both in totals for total in both)
    scale = 3600 / SCALES["time"][unit]
    for row, ((cls, condition), both) in enumerate(zip(pairs, totals, strict=True)):
        colour = colour_of(story.scenario, cls)
        for total, alpha in zip(both, (0.3, 0.9), strict=True):
            axes.barh(row, scale * total.mean, 0.62, color=colour, alpha=alpha)
        wait, stay = both[1], both[0]
        axes.plot([scale * wait.p05, scale * wait.p95], [row, row], color=INK, linewidth=1.4)
        text = f"{rounded(scale * wait.mean)} {unit}"
        bound = story.is_bound("wait_mean", by_trait(cls, condition))
        axes.annotate(
            at_least(text) if bound else text,
            (scale * max(stay.mean, wait.p95), row),
            (6, 0),
            textcoords="offset points",
            va="center",
            fontsize=10.5,
            color=INK,
        )
    axes.set_yticks(range(len(pairs)), names, color=INK, fontsize=11)
    axes.tick_params(axis="y", length=0)
    axes.set(ylim=(len(pairs) - 0.5, -0.5), xlabel=f"wait in all queues ({unit})")
    axes.set_xlim(0, axes.get_xlim()[1])
    axes.grid(axis="x", color=MUTED, alpha=0.2)
    return figure
