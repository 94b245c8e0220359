"""The cases of verification for ways through a crossing: queues side by side, and returns to a station."""

from __future__ import annotations

from tests.verification import theory
from tests.verification.cases import MINUTE_LAW, Case, mean_wait, queue

BOOTH = {"staffing": 1, "service_time": MINUTE_LAW}


def _join_the_shortest() -> list[Case]:
    found = queue(1.4, 16_000, stations={"a": BOOTH, "b": BOOTH}, parallel={"booths": {"one_of": ["a", "b"]}})
    return [
        Case("join_shortest", "mean wait", "Markov chain (Haight 1958)", theory.shortest_queue_wait(1.4),
             theory.mmc_wait(1.4, 2), "one queue for both booths", 0.09, found, mean_wait, 80),
    ]  # fmt: skip


def _fixed_shares() -> list[Case]:
    """One quarter of the parties goes to one booth, three quarters to two booths with one queue."""
    stations = {"a": BOOTH, "b": BOOTH | {"staffing": 2}}
    found = queue(1.6, 16_000, stations=stations, parallel={"booths": {"shares": {"a": 0.25, "b": "rest"}}})
    expected = 0.25 * theory.mmc_wait(0.4, 1) + 0.75 * theory.mmc_wait(1.2, 2)
    wrong = 0.35 * theory.mmc_wait(0.56, 1) + 0.65 * theory.mmc_wait(1.04, 2)
    return [
        Case("fixed_shares", "mean wait", "Erlang 1917, thinned Poisson process", expected, wrong,
             "35 % in place of 25 %", 0.09, found, mean_wait, 50),
    ]  # fmt: skip


def _feedback() -> list[Case]:
    """Two stations in line, and 30 % of those served at the second go back to the first, again and again."""
    again = {"to": "a", "share": 0.3, "at_most": 10}
    found = queue(0.5, 20_000, stations={"a": BOOTH, "b": BOOTH | {"staffing": 2, "sent_aside": again}})
    expected = (theory.mmc_wait(0.5 / 0.7, 1) + theory.mmc_wait(0.5 / 0.7, 2)) / 2
    wrong = (theory.mmc_wait(0.5 / 0.74, 1) + theory.mmc_wait(0.5 / 0.74, 2)) / 2
    return [
        Case("feedback", "mean wait of a visit", "Jackson 1957", expected, wrong, "26 % in place of 30 %", 0.1,
             found, mean_wait, 100),
    ]  # fmt: skip


def cases_of_ways() -> list[Case]:
    """All cases of ways."""
    return [*_join_the_shortest(), *_fixed_shares(), *_feedback()]
