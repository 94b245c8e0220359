"""The end state of a run: the parties that were inside at its horizon, from which another run may start."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, NamedTuple

from pydantic import BeforeValidator, InstanceOf, WithJsonSchema

COLUMNS = {
    "replication": "number of the replication, from 0",
    "crossing": "where it was",
    "station": "where it waits, is served, or is blocked",
    "class": "its class now: travellers who left their car are on foot",
    "stream": "its class, or `bypass`",
    "joined_from": "how it joined: `main queue`, `from the station before`, `from outside`, or `main queue on foot`",
    "people": "people in the party",
    "men": "men of call-up age in the party",
    "local": "1: has local plates",
    "men_stopped": "men who were stopped at draft screening, of a party at an enlistment office",
    "back_to": "station to which it returns from here; empty: none",
    "returns": "how often it has returned to stations where it had been",
    "waited_here_ms": "how long it has waited at this station; 0: not known",
    "waited_ms": "how long it has waited in all queues of the crossing; 0: not known",
    "stayed_ms": "time since it joined the first queue of the crossing; 0: not known",
}
"""Columns of the file, with their meanings."""
TRAIT = "trait."
"""Begin of the names of further columns, one for each trait."""


ADDED, LIGHTENED, OUT_OF_ORDER = "added", "lightened", "out_of_order"
CONTROLS = {
    ADDED: "servers that a control of the staffing has added to the plan; below 0: taken away",
    LIGHTENED: "milliseconds for which checks have been lightened",
    OUT_OF_ORDER: "milliseconds after which an outage that goes on will end",
}
"""What stands in the file of a control, or of outages, with its meaning."""


class Control(NamedTuple):
    """The state of a control, or of outages: crossing, station or pool, what it says (of CONTROLS), and the number."""

    crossing: str
    name: str
    what: str
    number: int


class EndState(str):
    """The end state that an earlier run left. As text it is the name of a copy, which holds a digest of the content.

    Attributes
    ----------
    content : the bytes of the file.
    replications : how many it holds.
    ended_at : the horizon of the earlier run.
    places : crossing, station and class of all parties, each once.
    most_parties, most_people : in one replication, and in one party.
    controls : the states of the controls of each replication.
    left_out : how many parties it leaves out, on average of the replications, by what they did.
    """

    content: bytes
    replications: int
    ended_at: datetime
    places: tuple[tuple[str, str, str], ...]
    most_parties: int
    most_people: int
    controls: tuple[tuple[Control, ...], ...]
    left_out: dict[str, float]


def _was_read(value: Any) -> Any:
    if not isinstance(value, EndState):
        raise ValueError(f"expected a folder of `sim run`, or its file end_state.parquet; got {value!r}")
    return value


StartFrom = Annotated[
    InstanceOf[EndState],
    BeforeValidator(_was_read),
    WithJsonSchema({"type": "string", "examples": ["results/friday", "results/friday/end_state.parquet"]}),
]
