"""The simulator as a member of a forecast: with the right scenario, and with a wrong one.

`python -m tests.verification.nowcasting` prints the table. The truth are the records of the sample port, made by the
reference engine from known numbers (docs/sample_data), of which every hour is taken.
"""

from __future__ import annotations

from pathlib import Path

from sim import store
from sim.verbs.nowcast import particles
from sim.verbs.nowcast.members import NAIVE
from sim.verbs.nowcast.plays import simulator_of
from sim.verbs.nowcast.scoreboard import difference
from sim.verbs.nowcast.seen import Columns, Seen, read_seen
from sim.verbs.nowcast.study import BLEND, NAIVE_BLEND, SIMULATOR, Nowcast, nowcast

ROOT = Path(__file__).parents[2]
WAITS, SCENARIO = ROOT / "docs" / "sample_data" / "waits.csv", str(ROOT / "scenarios" / "sample_port.yaml")
ZONE, AHEAD, LEADS = "Europe/Lisbon", 12.0, (1.0, 3.0, 12.0)
WRONG = ("crossings.port.demand.car.everyday.constant.rate=40/h",)
"""A demand that is not that of the records, which is 22/h."""


def readings(days: int, every: int = 4) -> Seen:
    """Return the last days of the queue, one reading in `every` quarters of an hour."""
    head, *rows = WAITS.read_text(encoding="utf-8").splitlines()
    kept = rows[::-1][::every][: 24 * days * 4 // every][::-1]
    with store.scratch() as folder:
        store.write(folder / WAITS.name, "\n".join([head, *kept]) + "\n")
        return read_seen(folder / WAITS.name, Columns("queue", "at", (), ZONE))


def forecast(days: int, sets: tuple[str, ...] = ()) -> Nowcast:
    """Return the forecast, and so the scores of its last third, with the simulator of the port or a changed one."""
    simulator = simulator_of(SCENARIO, sets, "queue")
    return nowcast(readings(days), AHEAD, simulator)


def table(found: Nowcast) -> list[str]:
    """Return the scores as lines."""
    lines = []
    for lead in LEADS:
        for score in (each for each in found.scores if each.lead == lead):
            if score.forecast in (BLEND, NAIVE_BLEND, SIMULATOR, *NAIVE):
                lines.append(
                    f"{lead:4.0f} h  {score.forecast:20} n {score.number:4}  error {score.error:6.3f}  "
                    f"CRPS {score.crps:6.3f}  in 50 % {score.inside_50:.2f}  in 90 % {score.inside_90:.2f}"
                )
        for against in (*NAIVE, NAIVE_BLEND):
            if apart := difference(found.answers, lead, BLEND, against):
                lines.append(
                    f"        blend less {against:20} error {apart.error[0]:6.3f} "
                    f"({apart.error[1]:.3f} to {apart.error[2]:.3f})  "
                    f"CRPS {apart.crps[0]:6.3f} ({apart.crps[1]:.3f} to {apart.crps[2]:.3f})"
                )
    lines.append(f"weight of the simulator over the scored forecasts, by lead: {shares(found)}")
    return lines


def shares(found: Nowcast) -> dict[float, float]:
    """Return the mean weight of the simulator in the scored forecasts, by lead."""
    return {lead: round(found.share_of(SIMULATOR, lead), 3) for lead in LEADS}


if __name__ == "__main__":
    particles.DAYS = 18
    for name, sets in (("right", ()), ("wrong", WRONG)):
        print(f"{name} simulator")  # noqa: T201
        print("\n".join(table(forecast(42, sets))), flush=True)  # noqa: T201
