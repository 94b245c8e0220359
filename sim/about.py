"""The program's name, its version, and the folder of its sources."""

from __future__ import annotations

from pathlib import Path

NAME = "border-queues"
__version__ = "0.2.0"
PACKAGE = Path(__file__).parent
