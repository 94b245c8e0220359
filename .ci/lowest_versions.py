"""Print the lowest version that pyproject.toml allows of every requirement, as constraints for pip."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

LOWER_BOUND = re.compile(r"^\s*([A-Za-z0-9._-]+)\s*(?:\[[^]]*\])?\s*>=\s*([0-9][0-9a-z.]*)")


def lowest_versions(pyproject: Path) -> list[str]:
    """Return 'name==version' for the dependencies of the project and of its extras, sorted (but for itself).

    Raises SystemExit for a requirement without a lower bound.
    """
    project = tomllib.loads(pyproject.read_text(encoding="utf-8"))["project"]
    extras = project.get("optional-dependencies", {})
    pins = set()
    for requirement in [*project["dependencies"], *(one for extra in extras.values() for one in extra)]:
        if requirement.startswith(f"{project['name']}["):
            continue
        bound = LOWER_BOUND.match(requirement)
        if bound is None:
            sys.exit(f"pyproject.toml: {requirement!r} has no lower bound; write 'name>=version'")
        pins.add(f"{bound[1]}=={bound[2]}")
    return sorted(pins, key=str.lower)


if __name__ == "__main__":
    print("\n".join(lowest_versions(Path(__file__).parents[1] / "pyproject.toml")))  # noqa: T201
