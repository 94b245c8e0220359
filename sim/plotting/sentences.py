"""A run in sentences: its summary, and who is not in the waits of those who crossed."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import numpy as np

from sim.measures.bounds import FEW_LEFT
from sim.measures.names import ALL
from sim.plotting.story import Story, between, long_day, whole
from sim.plotting.waiting import by_people, wait_told
from sim.scenario.model.scenario import Clock
from sim.units import show_time

MANY_GONE = 0.05
"""Share of those who joined that gave up above which a note says that the waits leave them out."""


def left_out_note(story: Story) -> list[str]:
    """Return a sentence on the parties that are not in the waits of those who crossed; none if they are few."""
    many = _shares(story, "unfinished", FEW_LEFT)
    if not many:
        return []
    return [f"{many} are still inside at the end and not in the waits of those who crossed: lower bounds."]


def gave_up_note(story: Story) -> list[str]:
    """Return a sentence on those who gave up and are not in the waits either; none if they are few."""
    many = _shares(story, "reneged", MANY_GONE)
    return [f"{many} gave up waiting; the waits of those who crossed leave them out."] if many else []


def _shares(story: Story, event: str, few: float) -> str:
    """Return '12 % of the cars, 4 % of the trucks': the shares above `few`, by class and together."""
    names = {
        ALL: "of all parties that joined",
        **{cls: f"of the {story.scenario.class_words[cls]}" for cls in story.classes},
    }
    if len(story.classes) == 1:
        del names[ALL]
    shares = {name: story.ended(event, scope) for scope, name in names.items()}
    return ", ".join(f"{100 * share:.0f} % {name}" for name, share in shares.items() if share > few)


def period(clock: Clock) -> str:
    """Return what is counted, with times where its first or last day is not whole: 'On 2 June from 08:00 to 14:00'."""
    start, end = clock.counted_from, clock.horizon
    last = end - timedelta(minutes=1)
    whole_first, whole_last = start.time() == time.min, end.time() == time.min
    if start.date() == last.date():
        hours = (
            "" if whole_first and whole_last else f" from {start:%H:%M} to {'24:00' if whole_last else f'{end:%H:%M}'}"
        )
        return f"On {long_day(start)}{hours}"
    if whole_first and whole_last:
        return f"Between {long_day(start)} and {long_day(last)}"
    begin = long_day(start) if whole_first else f"{start:%H:%M} on {long_day(start)}"
    return f"From {begin} to {long_day(last) if whole_last else f'{end:%H:%M} on {long_day(end)}'}"


def summary(story: Story) -> str:
    """Return a summary of the estimates in two sentences."""
    sentences = _peak(story)
    summoned = story.total("summoned_people").mean
    back = story.total("refused_people").mean + summoned
    crossed = whole(story.total("crossed_people").mean)
    fates = ["1 person crosses" if crossed == "1" else f"{crossed} people cross"]
    if back > 0:
        fates.append(f"{_are(back)} turned back{' or given draft papers' if summoned > 0 else ''}")
    if (barred := story.total("barred_people").mean) >= 0.5:
        fates.append(f"{_are(barred)} turned away on the approach")
    if (inside := story.total("unfinished_people").mean) >= 0:
        fates.append(f"{_are(inside)} still inside at the end")
    if story.origins and (elsewhere := story.total("diverted_people").mean) >= 0.5:
        fates.append(f"{whole(elsewhere)} {'goes' if whole(elsewhere) == '1' else 'go'} to another crossing")
    listed = f"{', '.join(fates[:-1])} and {fates[-1]}" if len(fates) > 1 else fates[0]
    stuck = story.total("deadlocked_parties").mean
    sentences.append(f"{period(story.scenario.clock)}, {listed}")
    if stuck > 0:
        sentences.append(f"{whole(max(stuck, 1))} parties block each other for ever")
    return ". ".join(sentences) + "."


def _are(people: float) -> str:
    """Return '17 are', '1 is' or 'nobody is'."""
    text = whole(people)
    return {"0": "nobody is", "1": "1 is"}.get(text, f"{text} are")


def _peak(story: Story) -> list[str]:
    """Return a sentence, without its stop, on the longest queue and on the wait of those who wait most."""
    people = by_people(story)
    peak = story.total("max_queue_people") if people else story.total("max_queue", story.scope)
    band = story.band("queue_people") if people else story.band("queue", story.scope)
    if band is None or not peak.mean > 0:
        return []
    top = datetime.fromtimestamp(story.at[int(np.nanargmax(band.mean))] * 86400, story.zone)
    spread, size = between(peak), whole(peak.mean)
    what = ("person" if size == "1" else "people") if people else "vehicle" if size == "1" else "vehicles"
    sentence = f"In the model, the queue peaks at {size} {what}{f' ({spread})' if spread else ''} on {long_day(top)}"
    name, wait = wait_told(story)
    if wait > 0:
        at_least = "at least " if story.ended("unfinished", name) > FEW_LEFT else ""
        who = "people" if name == ALL else story.scenario.class_words[name]
        sentence += f"; {who} that cross wait {at_least}{show_time(3600 * wait)} on average"
    return [sentence]
