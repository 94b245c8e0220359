"""A progress that remembers what it was called with."""

from __future__ import annotations

from sim.play.request import Progress


class Heard(Progress):
    """Remembers every call and every sentence."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int, str]] = []
        self.sentences: list[str] = []

    @property
    def numbers(self) -> list[tuple[int, int]]:
        return [(done, planned) for done, planned, _ in self.calls]

    @property
    def stages(self) -> list[str]:
        return list(dict.fromkeys(stage for *_, stage in self.calls))

    def __call__(self, done: int, planned: int, stage: str = "") -> None:
        self.calls.append((done, planned, stage))

    def say(self, sentence: str) -> None:
        self.sentences.append(sentence)
