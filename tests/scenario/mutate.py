"""Reads mutated files of every kind and counts what happens: python -m tests.scenario.mutate 30000 [seed].

A file is read as the commands read it, and a scenario that is accepted is prepared for playing. Anything but success or
a SimError is a fault of the program, and is printed with the mutated text.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim import store
from sim.engine.lower.plan_from import lower
from sim.errors import SimError
from sim.play.posterior import read_posterior
from sim.scenario.checks.warnings import warnings_of
from sim.scenario.text.fitted_values import load_fitted
from sim.scenario.text.load_calibration import read_calibration
from sim.scenario.text.load_scenario import load
from sim.scenario.text.load_sweep import read_sweep

HERE = Path(__file__).parent
SWEEP = "scenario: small.yaml\nover: {stations.gate.staffing: '4:8:2', seed: [1, 2]}\ndesign: grid\nreplications: 2\n"
COUNTS = "from,until,count\n" + "".join(f"2022-09-2{day},2022-09-2{day + 1},{day}\n" for day in range(1, 9))
COUNTED = "extends: small.yaml\nname: counted\ncrossings: {pass: {demand: {truck: {everyday: {table: counts.csv}}}}}\n"
COMING = """extends: small.yaml
name: coming
crossings:
  pass:
    stations: {passport: {staffing: {steps: steps.csv}}}
    demand:
      car:
        ferries: {schedule: {rows: ferries.csv, spread: 20 min, delay: {mean: 8 min}, share: 60 %}, calendar: days.csv}
        convoys: {constant: {rate: 3/h}, bursts: {2: 50 %, 5: 50 %}, day_factor: 30 %, calendar: {2022-09-25: 2}}
        seen: {log: seen.csv}
      truck:
        slots:
          bookings:
            rows: [{at: 06:00, every: 30 min, until: 20:00, days: [mon, fri], parties: 4}]
            no_show: 8 %
            early: {share: 20 %, by: {mean: 9 min}, then: wait, grace: 2 min}
"""
FERRIES = """at,class,parties,people,days,every,until,share,delay
2022-09-24T06:30,car,,300,,,,60 %,
08:00,car,40,,mon sat,1 h,20:00,,5 min
"""
SEEN = "at,class,people,gate\n2022-09-24T06:30:12,car,3,20 s\n2022-09-24T06:31,truck,,\n2022-09-25,car,,9 s\n"
DAYS = "date,factor\n2022-09-24,0.5\n2022-12-25,0\n"
STEPS = "from,servers\n2022-09-22,3\n2022-09-24T12:00,5\n2023-01-01,7\n"
VALUES = """calibration: c.yaml
date: 2022-12-24
version: 0.0.0
posterior: sample.parquet
values:
  surge: {value: 62, low: 60, high: 64, unit: /h}
"""
SURGE = ("constant: {rate: 62/h}", "constant: {rate: {calibrated: surge}}")
ODD = (
    *("null", "true", "0", "-1", "1.5", "1e308", "-1e-300", "1e-320", "9" * 30, ".inf", "''", "x", "90 s", "1e-9 s"),
    *("366 d", "-3/h", "1e6/h", "40 %", "1e-300 %", "0001-01-01", "9999-12-31", "2022-03-27T02:30", "any", "all"),
    *(
        "[]",
        "{}",
        "[[]]",
        "[1, car]",
        "{value: 3}",
        "{value: {}, source: x}",
        "{calibrated: surge}",
        "\u00b2",
        "\u0663",
    ),
    *(
        "$x$",
        '"\\0"',
        '"\\e[31m"',
        '"\\ud800"',
        "*a",
        "&a 1",
        "!x 1",
        "a" * 300,
        "small.yaml",
        ".",
        "/dev/full",
        "~",
        "\t",
    ),
)


@dataclass(frozen=True)
class Kind:
    """A kind of file: the name and text of the one that is mutated, and how it is read."""

    name: str
    text: bytes
    read: Callable[[Path], object]


def files(folder: Path) -> dict[str, bytes]:
    """Write the files that name each other into a folder; return the texts by name."""
    small = (HERE / "small.yaml").read_text(encoding="utf-8")
    texts = {
        "small.yaml": small,
        "counted.yaml": COUNTED,
        "counts.csv": COUNTS,
        "coming.yaml": COMING,
        "ferries.csv": FERRIES,
        "seen.csv": SEEN,
        "days.csv": DAYS,
        "steps.csv": STEPS,
        "small_calibration.yaml": (HERE / "small_calibration.yaml").read_text(encoding="utf-8"),
        "small_fitted.yaml": (HERE / "small_fitted.yaml").read_text(encoding="utf-8"),
        "sweep.yaml": SWEEP,
        "values.yaml": VALUES,
        "fitted.yaml": "calibrated: values.yaml\n" + small.replace(*SURGE, 1),
    }
    for name, text in texts.items():
        store.write(folder / name, text, lasting=False)
    store.write_table(folder / "sample.parquet", {"surge": np.array([61.0, 62.0, 63.0])})
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def kinds(folder: Path) -> tuple[Kind, ...]:
    """Return the kinds of files that are mutated, having written them all into a folder."""
    texts = files(folder)

    def kind(name: str, read: Callable[[Path], object], file: str = "") -> Kind:
        return Kind(name, texts[name], lambda path: read(path.with_name(file or name)))

    return (
        kind("small.yaml", _prepared),
        kind("counts.csv", _prepared, "counted.yaml"),
        kind("coming.yaml", _prepared),
        *(kind(name, _prepared, "coming.yaml") for name in ("ferries.csv", "seen.csv", "days.csv", "steps.csv")),
        kind("small_calibration.yaml", read_calibration),
        kind("values.yaml", load_fitted),
        kind("values.yaml", _prepared, "fitted.yaml"),
        kind("sample.parquet", read_posterior, "fitted.yaml"),
        kind("sweep.yaml", read_sweep),
    )


def _prepared(path: Path) -> None:
    scenario = load(path).scenario
    list(warnings_of(scenario))
    lower(scenario)


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Return a file with one to three changes: of values, lines or bytes."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        content = chance.choice((_value, _value, _value, _value, _value, _line, _byte))(content, chance)
    return content


def _value(content: bytes, chance: random.Random) -> bytes:
    """Replace a word or a quantity by something odd, or by another one of the file."""
    text = content.decode("utf-8", "surrogateescape")
    words = list(re.finditer(r"[^\s,:{}\[\]]+( [smhd%]\b)?", text))
    if not words:
        return content
    word = chance.choice(words)
    odd = chance.choice(ODD) if chance.random() < 0.6 else chance.choice(words)[0]
    return (text[: word.start()] + odd + text[word.end() :]).encode("utf-8", "surrogateescape")


def _line(content: bytes, chance: random.Random) -> bytes:
    """Remove, repeat or move a line."""
    lines = content.splitlines(keepends=True) or [b""]
    line = lines.pop(chance.randrange(len(lines)))
    for _ in range(chance.randrange(3)):
        lines.insert(chance.randint(0, len(lines)), line)
    return b"".join(lines)


def _byte(content: bytes, chance: random.Random) -> bytes:
    """Flip a bit, or cut the file."""
    if not content:
        return content
    place = chance.randrange(len(content))
    if chance.random() < 0.2:
        return content[:place]
    return content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]


def mutate(folder: Path, trials: int, seed: int = 1) -> tuple[Counter[str], list[str]]:
    """Return how many mutated files were accepted, refused and read with a fault, and the faults."""
    chance, counts, faults = random.Random(seed), Counter[str](), list[str]()
    all_kinds = kinds(folder)
    for trial in range(trials):
        kind = all_kinds[trial % len(all_kinds)]
        content = mutated(kind.text, chance)
        store.write(folder / kind.name, content, lasting=False)
        try:
            kind.read(folder / kind.name)
            counts["accepted"] += 1
        except SimError as error:
            counts["refused"] += 1
            if not str(error) or (not str(error).isprintable() and "\n" not in str(error)):
                faults.append(f"{kind.name}: a message that cannot be printed: {error!r}\n{content!r}")
        except Exception:
            faults.append(f"{kind.name}: {traceback.format_exc()}\n{content!r}")
        store.write(folder / kind.name, kind.text, lasting=False)
    counts["faults"] = len(faults)
    return counts, faults


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        totals, found = mutate(Path(name), *map(int, sys.argv[1:]))
    print("\n\n".join(found[:10]))  # noqa: T201
    print(dict(totals))  # noqa: T201
