"""A small calibration: a post with one row of booths, two parameters and five figures."""

from __future__ import annotations

import json
from pathlib import Path

ROOT = Path(__file__).parents[3]
RECOVERY = ROOT / "tests" / "verification" / "recovery.yaml"


def row(name: str, quantity: str, value: object, **changes: object) -> dict[str, object]:
    plain = {
        "id": name, "crossing": "post", "quantity": quantity, "classes": ["car"], "from": "2022-09-21T18:00",
        "until": "2022-09-21T20:00", "statistic": "mean", "value": value, "qualifier": "about", "who": "a test",
        "source": "made up", "date": "2022-09-21", "reading": "made up",
    }  # fmt: skip
    return plain | changes


def described(folder: Path, **changes: object) -> Path:
    """Write a calibration of the small post with two parameters; the third is fixed in a scenario of its own."""
    scenario = folder / "post.yaml"
    scenario.write_text(f"extends: {RECOVERY}\ncalibrated: post_fitted.yaml\n" + FIXED)
    tree = {
        "scenario": "post.yaml",
        "observation": {"spread": {"press": 0.2}, "discrepancy": 0.1},
        "parameters": {
            "surge": {"unit": "/h", "label": "cars of the surge", "reason": "made up",
                      "prior": {"family": "lognormal", "median": 40, "spread": 0.4}},
            "service": {"unit": "min", "label": "time at a booth", "reason": "made up",
                        "prior": {"family": "uniform", "low": 4, "high": 7}},
        },
        "reported": [
            row("queue", "queue", 300, rounding=100),
            row("again", "queue", 320, group="crossed"),
            row("crossed", "crossed_parties", 42, statistic="sum", group="crossed"),
            row("wait", "quoted_wait", "5 h", qualifier="at least"),
            row("far_off", "queue", 9000, status="rejected"),
        ],
    }  # fmt: skip
    path = folder / "post_calibration.yaml"
    path.write_text(json.dumps(tree | changes))
    return path


FIXED = "crossings: {post: {behaviour: {car: {renege: {by_quoted_wait: {1 h: 0 %/h, 6 h: 10 %/h}}}}}}\n"
