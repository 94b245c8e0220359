"""The command: `python -m benchmarks [--quick] [--only NAME] [--json] [--write]`."""

from __future__ import annotations

import argparse
import json
import sys

from benchmarks import rows, table, work


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the table, and return 1 if an engine gave a wrong answer (a missed goal is no error)."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="everything small: a smoke test, not a measurement")
    parser.add_argument("--only", action="append", choices=rows.WORK, metavar="NAME", help=", ".join(rows.WORK))
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    asked = parser.parse_args(arguments)
    if asked.write and (asked.quick or asked.only):
        parser.error("--write needs the whole measurement: leave --quick and --only out")
    size = work.QUICK if asked.quick else work.FULL
    found: list[rows.Row | rows.Answer] = []
    for name in asked.only or rows.WORK:
        print(f"{name} ...", file=sys.stderr, flush=True)
        found += rows.WORK[name](size)
    print(json.dumps(rows.as_json(found), indent=2) if asked.json else table.markdown(found))
    if asked.write:
        table.write(table.markdown(found))
    wrong = [each for each in found if isinstance(each, rows.Answer) and not each.right]
    for each in wrong:
        print(f"{each.engine}: {each.work}: {each.found.mean:.4f}, not {each.expected.mean:.4f}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
