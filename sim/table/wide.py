"""A table of dates by hours, with a column for each hour of the day, as a row for each count."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa

from sim.table.hour_headings import hours_in
from sim.table.read import Table


def long_form(table: Table) -> Table:
    """Return a table of dates by hours with the columns `hour` and `count` instead; any other table as it is."""
    hours = hours_in(list(table.columns))
    others = [name for name in table.columns if name not in hours]
    if not hours or not others or {"hour", "count"} & set(others):
        return table
    rows, many = table.rows, len(hours)
    place = pa.array(np.repeat(np.arange(rows), many))
    columns = {name: table.columns[name].take(place) for name in others}
    columns["hour"] = pa.array([f"{minute // 60}:{minute % 60:02d}" for minute in hours.values()] * rows)
    by_hour = pa.concat_arrays([table.columns[name] for name in hours])
    columns["count"] = by_hour.take(pa.array(np.arange(rows * many).reshape(many, rows).T.ravel()))
    form = f"{table.form}, a column for each hour"
    return replace(table, columns=columns, lines=np.repeat(table.lines, many), form=form)
