"""The first difference between two records of one replication, as a readable line."""

from __future__ import annotations

from typing import Any

from sim.engine.plan import Plan
from sim.engine.records import NEVER, Outcome, Records
from sim.scenario.model.quantities import CLASSES, STREAMS


def first_difference(plan: Plan, a: Records, b: Records) -> str | None:
    """Return `party 7, visit 1, exit_control: left_at 120000 / never`; None if the records are equal.

    A visit that only one of the two has is compared with nothing; left is a, right is b.
    """
    of_a, of_b = _rows(a), _rows(b)
    for visit in sorted(of_a.keys() | of_b.keys()):
        row, other = of_a.get(visit), of_b.get(visit)
        if row == other:
            continue
        known = row or other
        assert known is not None
        where = f"party {visit[0]}, visit {visit[1]}, {plan.stations[known['station']]}"
        if row is None or other is None:
            return f"{where}: {_summary(row)} / {_summary(other)}"
        fields = (name for name in row if row[name] != other[name])
        return f"{where}: " + ", ".join(f"{n} {_named(n, row[n])} / {_named(n, other[n])}" for n in fields)
    return None


def _rows(records: Records) -> dict[tuple[int, int], dict[str, Any]]:
    columns = {name: column.tolist() for name, column in records.columns().items()}
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    assert len({(row["party"], row["visit"]) for row in rows}) == len(rows), "two rows of one visit"
    return {(row["party"], row["visit"]): row for row in rows}


def _summary(row: dict[str, Any] | None) -> str:
    return "no such visit" if row is None else f"arrived_at {row['arrived_at']}, {_named('outcome', row['outcome'])}"


def _named(name: str, value: Any) -> str:
    names = {"outcome": [o.name.lower() for o in Outcome], "cls": CLASSES, "stream": STREAMS}
    if name in names:
        return names[name][value]
    return "never" if value == NEVER else str(value)
