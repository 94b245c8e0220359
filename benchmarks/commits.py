"""Two checkouts on the same work, and rules of a file's own against a file without: what new rules cost.

    python -m benchmarks.commits OLD NEW [--rounds 9] [--only NAME]

OLD and NEW are folders with a checkout each. Every round plays each piece of work once in each, in turns; a process for
each checkout stays alive. The table has medians of CPU time (`time.process_time`), and the median and the quartiles of
the ratio of the two in one round, which is less disturbed by other work on the machine than a ratio of medians.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

HERE = Path(__file__).parents[1]
SLOWER, TIMES = 1.05, 2.0
"""Largest ratios that are allowed: of a new commit on old work, and of an event with rules to one without."""
PLAIN, RULES = "plain", "rules"
ALONE = ", play alone"
WORK = ("base case", "base case, play alone", "network", "mm3", "mm3, play alone", "tandem", "tandem, play alone")


def played(name: str, scenarios: Path) -> Callable[[int], tuple[float, int]]:
    """Return the work `name` of a checkout: a function of a seed that returns CPU seconds and rows of records."""
    import inspect
    import time

    from sim.engine.compiled import engine
    from sim.engine.draw.tape_from import draw
    from sim.engine.lower.plan_from import lower
    from sim.measures.replication import measure
    from sim.scenario.model.scenario import Scenario
    from sim.scenario.text.load_scenario import load

    files = {"base": "verkhny_lars.yaml", "network": "russia_2022.yaml"}
    file = next((file for start, file in files.items() if name.startswith(start)), None)
    scenario = load(scenarios / file).scenario if file else Scenario.model_validate(described(name.removesuffix(ALONE)))
    plan = lower(scenario)
    wants_tape = "tape" in inspect.signature(measure).parameters

    def work(seed: int) -> tuple[float, int]:
        begun = time.process_time()
        tape = draw(scenario, plan, seed, 0)
        if name.endswith(ALONE):
            begun = time.process_time()
        records = engine.play(plan, tape)
        if not name.endswith(ALONE) and name not in (PLAIN, RULES):
            measure(scenario, plan, records, tape if wants_tape else tape.source)  # type: ignore[arg-type]
        return time.process_time() - begun, len(records)

    return work


def described(name: str) -> dict[str, Any]:
    """Return a scenario by name: those of the benchmarks, and two days of the same post without and with rules."""
    from benchmarks.work import mm3, tandem

    made = {"mm3": lambda: mm3(200_000), "tandem": lambda: tandem(16)}
    return made[name]() if name in made else post(with_rules=name == RULES)


def post(*, with_rules: bool) -> dict[str, Any]:
    """Return a post with 30,000 parties in ten days; the rules change who serves whom, not how many there are."""

    def law(mean: str) -> dict[str, str]:
        return {"mean": mean, "family": "exponential"}

    stations: dict[str, Any] = {
        "desks": {"staffing": 4, "service_time": law("1 min")},
        "booths": {"staffing": 4, "service_time": law("1 min")},
        "entry": {"staffing": 5, "service_time": law("1 min")},
    }
    more: dict[str, Any] = {}
    if with_rules:
        reacts = {"open_above": 6, "close_below": 1, "at_least": 2, "at_most": 5, "checked_every": "5 min"}
        stations["desks"] |= {
            "staffing": {"servers": 3, "reacts": reacts},
            "scale_service": {"unless registered": 1.3},
            "pace": {"queue": {0: 1.1, 10: 0.8}},
        }
        stations["booths"]["pace"] = {"servers": {2: 0.9, 4: 1}, "queue": {0: 1.1, 10: 0.8}}
        stations["entry"]["sent_aside"] = {"to": "bay", "share": {"unless registered": 0.2, "any": 0.02}}
        stations["bay"] = {"staffing": 2, "service_time": law("3 min"), "only_sent_on": True}
        more["parallel"] = {"border": {"one_of": ["desks", "booths"], "by": "least_wait"}}
    traits = {"traits": {"registered": 0.7}} if with_rules else {}
    return {
        "name": "post",
        "title": "A post",
        "clock": {"timezone": "UTC", "t0": "2022-01-01", "start": "2022-01-01", "horizon": "2022-01-11"},
        "classes": {"car": {"spacing": "7 m", "people": 1, "men_share": 0, **traits}},
        "crossings": {
            "post": {
                "road": {"stretches": [{"files": 1}]},
                "stations": stations,
                "demand": {"car": {"all": {"constant": {"rate": "125/h"}}}},
                **more,
            }
        },
    }


class Checkout:
    """A process that plays work with the code of a checkout."""

    def __init__(self, folder: Path, scenarios: Path, cache: Path) -> None:
        paths = os.pathsep.join([str(folder), str(HERE)])  # its own package `sim`; this module where it has none
        command = [sys.executable, str(Path(__file__)), "--serve", str(scenarios)]
        environment = {**os.environ, "PYTHONPATH": paths, "XDG_CACHE_HOME": str(cache)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=folder, env=environment
        )

    def play(self, name: str, seed: int) -> tuple[float, int]:
        """Return CPU seconds and rows of records of a piece of work."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps([name, seed]), file=self.process.stdin, flush=True)
        seconds, rows = json.loads(self.process.stdout.readline())
        return seconds, rows


def serve(scenarios: Path) -> None:
    """Play what is asked for on the standard input; every piece of work has run once before it is timed."""
    known: dict[str, Callable[[int], tuple[float, int]]] = {}
    for line in sys.stdin:
        name, seed = json.loads(line)
        if name not in known:
            known[name] = played(name, scenarios)
            known[name](0)
        print(json.dumps(known[name](seed)), flush=True)


def row(what: str, one: list[float], other: list[float], limit: float) -> str:
    """Return a row of the table: medians, and median and quartiles of the ratio of two runs of one round."""
    ratios = [b / a for a, b in zip(one, other, strict=True)]
    low, middle, high = quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    met = "yes" if middle <= limit else "**no**"
    scale = 1e9 if median(one) < 1e-4 else 1e3
    unit = "ns" if scale == 1e9 else "ms"
    times = (f"{scale * median(each):.4g} {unit}" for each in (one, other))
    return f"| {what} | {' | '.join(times)} | {middle:.3f} ({low:.3f} to {high:.3f}) | {limit:g} | {met} |"


def main() -> None:
    """Measure and print two tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.commits", description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", action="append", choices=[*WORK, RULES])
    parser.add_argument("--cache", type=Path, default=Path("build"), help="folder for compiled code")
    asked = parser.parse_args()
    names = asked.only or [*WORK, RULES]
    old, new = asked.old.absolute(), asked.new.absolute()
    places = {each: asked.cache.absolute() / f"commits-{n}" for n, each in enumerate((old, new))}
    checkouts = {each: Checkout(each, old / "scenarios", place) for each, place in places.items()}
    print("| work | old | new | new / old | limit | met |\n|---|--:|--:|--:|--:|---|")
    for name in [name for name in names if name != RULES]:
        seconds: dict[Path, list[float]] = {old: [], new: []}
        for seed in range(1, asked.rounds + 1):
            for each in (old, new) if seed % 2 else (new, old):
                seconds[each].append(checkouts[each].play(name, seed)[0])
        print(row(name, seconds[old], seconds[new], SLOWER), flush=True)
    if RULES in names:
        each_row: dict[str, list[float]] = {PLAIN: [], RULES: []}
        for seed in range(1, asked.rounds + 1):
            for name in (PLAIN, RULES) if seed % 2 else (RULES, PLAIN):
                spent, rows = checkouts[new].play(name, seed)
                each_row[name].append(spent / rows)
        print("\n| per visit | without rules | with rules | ratio | limit | met |\n|---|--:|--:|--:|--:|---|")
        print(row("draw and play", each_row[PLAIN], each_row[RULES], TIMES))
    for checkout in checkouts.values():
        assert checkout.process.stdin is not None
        checkout.process.stdin.close()
        checkout.process.wait()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]))
    else:
        main()
