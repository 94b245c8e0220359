"""What the tests in a browser share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from sim.verbs.report.result import BROWSERS


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium. Of a module, not of the session: as long as it is open, no other test can run a loop."""
    playwright = pytest.importorskip("playwright.sync_api", reason="the browser tests need playwright")
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("the browser tests need Chromium or Chrome")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
