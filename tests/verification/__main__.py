"""Print the table of docs/verification.md: python -m tests.verification [engine]."""

from __future__ import annotations

import sys
import time

from sim.play.engines import player
from tests.verification.cases import cases
from tests.verification.statistics import measure
from tests.verification.ways import cases_of_ways


def main() -> None:
    """Play every case and print one row for each."""
    name = sys.argv[1] if len(sys.argv) > 1 else "reference"
    engine = player(name)
    print("| case | what | source | theory | measured | error | z | ± (1e-6) | sees | control: theory that must fail |")  # noqa: T201
    print("|---|---|---|--:|--:|--:|--:|--:|--:|---|")  # noqa: T201
    begun = time.perf_counter()
    for case in [*cases(), *cases_of_ways()]:
        found = measure(case.samples(engine))
        verdict = "fails" if not found.agrees(case.wrong) else "PASSES"
        row = (
            f"`{case.name}`", case.what, case.source, f"{case.expected:.6g}", f"{found.mean:.5g}",
            f"{found.error / abs(case.expected):.2%}", f"{found.z(case.expected):+.1f}", f"{found.half_width:.2g}",
            f"{case.sees:.0%}", f"{case.wrong:.4g}, {case.wrong_because}: {verdict}",
        )  # fmt: skip
        print("| " + " | ".join(row) + " |", flush=True)  # noqa: T201
    print(f"\nEngine {name}; {time.perf_counter() - begun:.0f} s.")  # noqa: T201


if __name__ == "__main__":
    main()
