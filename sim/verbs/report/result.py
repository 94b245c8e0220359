"""Writes a report as a page, and as PDF by a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sim import store
from sim.errors import SimError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
SECONDS = 120


def report(results: str | Path | Sequence[str | Path], out: str | Path | None = None, *, pdf: bool = False) -> Path:
    """Write one page about results, to send or to open without a network, and return its path.

    Parameters
    ----------
    results
        The folder of a result of any verb, or several folders.
    out
        The page; `report.html` in the first folder if left out.
    pdf
        Print the page also as PDF beside it; needs Chromium or Chrome.

    Raises
    ------
    SimError
        A folder holds no result, a file cannot be read or written, or there is no browser for the PDF; the page is
        written before that.
    """
    from sim.plotting.interactive.page import page_of
    from sim.verbs.report.folders import read_report

    folders = [Path(each) for each in ([results] if isinstance(results, str | Path) else results)]
    if not folders:
        raise SimError("name the folder of a result")
    path = Path(out) if out is not None else folders[0] / "report.html"
    if path.suffix not in (".html", ".htm"):
        raise SimError(f"{path}: a report's name ends in .html")
    store.write(path, page_of([read_report(folder) for folder in folders]))
    if pdf:
        to_pdf(path)
    return path


def to_pdf(path: Path) -> Path:
    """Print a page with a browser that has no window; return the PDF. Raises SimError if there is none or it fails."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        raise SimError(f"{path} is written; for a PDF install Chromium or Chrome, or print the page from your browser")
    target = path.with_suffix(".pdf")
    with store.scratch() as folder:
        made = folder / "report.pdf"
        command = [
            browser,
            "--headless",
            *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),  # Chromium refuses it to root
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={folder / 'profile'}",
            f"--print-to-pdf={made}",
            path.resolve().as_uri(),
        ]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)
            store.write(target, made.read_bytes())
        except (OSError, subprocess.SubprocessError) as error:
            why = str(error).splitlines()[0]
            raise SimError(f"{path} is written; {Path(browser).name} could not print it: {why}") from None
    return target
