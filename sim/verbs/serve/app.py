"""The local server of the page: files, scenarios, plays as a stream, scenario files to keep, and data dropped on it.

It answers only requests that come from the page itself: others are refused by their host, origin, kind or token.
"""

from __future__ import annotations

import functools
import gc
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

import anyio
from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from sim.errors import ScenarioError, SimError
from sim.play.memory import give_back
from sim.play.one import Played
from sim.play.workers import cores
from sim.scenario.catalogue import list_scenarios
from sim.scenario.resolve import SCENARIOS, names
from sim.verbs.serve.base import Base, Bases
from sim.verbs.serve.dropped import understood
from sim.verbs.serve.guard import Guard
from sim.verbs.serve.kept import keep, keep_range, read_bound
from sim.verbs.serve.lever import Value, read_settings
from sim.verbs.serve.study import MOST_REPLICATIONS, Kept, Study, Totals
from sim.verbs.serve.values import Tried, read_range, read_values
from sim.verbs.serve.view import REPLICATIONS, describe, document, first_charts, headlines

MOST_BYTES = 25_000_000
"""Size of a request; files of data are the largest."""
LONGEST_WHOLE = 300
"""Digits from which on a number of a request is larger than any float."""
STAGES = (4, 8, 16, 32, 64, 128)
"""Replications after which the page gets new bands."""
REST = 3.0
"""Seconds between collections of what was played."""
RESTS = 20
"""How often nothing was played before its memory goes back."""
OTHER_THREADS = 4
"""Threads that read scenarios; each thread holds memory of its own."""
KINDS = {"html": "text/html", "css": "text/css", "js": "text/javascript", "txt": "text/plain", "svg": "image/svg+xml"}


@dataclass(frozen=True)
class Options:
    """What the server shows, a token if others than this machine may ask for it, and whether a notebook frames it."""

    scenario: str
    port: int
    token: str = ""
    framed: bool = False
    bases: Bases = field(default_factory=Bases)
    kept: Kept = field(default_factory=Kept)


def make_app(options: Options) -> Starlette:
    """Return the application."""
    page = _Page(options)
    routes = [
        Route("/", page.index),
        Route("/assets/{name}", page.asset),
        Route("/api/scenarios", page.scenarios),
        Route("/api/schema", page.schema),
        Route("/api/describe", page.describe, methods=["POST"]),
        Route("/api/play", page.play, methods=["POST"]),
        Route("/api/range", page.values, methods=["POST"]),
        Route("/api/file", page.file, methods=["POST"]),
        Route("/api/import", page.imported, methods=["POST"]),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, port=options.port, token=options.token, framed=options.framed)],
        exception_handlers={SimError: _told, Refused: _refused},
        lifespan=page.lifespan,
    )


class Refused(Exception):
    """A request that is not one of the page: a status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return JSONResponse({"problems": [{"message": str(error)}]}, error.status)


async def _told(_: Request, error: Exception) -> Response:
    return JSONResponse({"problems": problems_of(error)}, 422)


def problems_of(error: Exception) -> list[dict[str, Any]]:
    """Return an error of the user as rows with message, file, line and column."""
    if not isinstance(error, ScenarioError):
        return [{"message": str(error)}]
    rows = []
    for problem in error.problems:
        file, line, column = _placed(problem.where)
        message = f"{problem.path}: {problem.what}" if problem.path else problem.what
        rows.append({"message": message, "file": file, "line": line, "column": column})
    return rows


def _placed(where: str) -> tuple[str, int | None, int | None]:
    file, *place = where.rsplit(":", 2)
    if len(place) == 2 and all(part.isdigit() for part in place):
        return file, int(place[0]), int(place[1])
    return where, None, None


@dataclass(frozen=True)
class Asked:
    """A request of the page: a scenario, settings, and settings to compare with."""

    base: Base
    settings: Mapping[str, Value]
    pinned: tuple[Base, Mapping[str, Value]] | None
    replications: int
    sampled: bool


class _Page:
    """The endpoints. Reading and playing go to threads; the engine lets others work while it plays."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.assets = resources.files("sim.verbs.serve") / "assets"
        self.charts = resources.files("sim.plotting.interactive") / "assets"

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Make the limits of what is played at a time: the first replication of a setting does not wait for others."""
        self.first, self.more = CapacityLimiter(2), CapacityLimiter(cores())
        to_thread.current_default_thread_limiter().total_tokens = OTHER_THREADS
        self.played = False
        async with anyio.create_task_group() as group:
            group.start_soon(self._tidy)
            yield
            group.cancel_scope.cancel()

    async def _tidy(self) -> None:
        """Free what was played for answers that were given up, which hangs in cycles of their errors till collected.

        Once nothing has been played for a minute, the freed memory goes back to the system; fresh memory is slow.
        """
        rests = 0
        while True:
            await anyio.sleep(REST)
            rests = 0 if self.played else rests + 1
            if self.played:
                await to_thread.run_sync(gc.collect)
                self.played = bool(self.first.borrowed_tokens or self.more.borrowed_tokens)
            elif rests == RESTS:
                await to_thread.run_sync(give_back)

    async def index(self, _: Request) -> Response:
        """Return the page."""
        return Response((self.assets / "index.html").read_text(encoding="utf-8"), media_type="text/html")

    async def asset(self, request: Request) -> Response:
        """Return a file of the page."""
        name = request.path_params["name"]
        for folder in (self.assets, self.charts):
            files = {file.name: file for file in folder.iterdir() if file.is_file()}
            kind = KINDS.get(name.rpartition(".")[2])
            if name in files and kind:
                return Response(files[name].read_bytes(), media_type=kind)
        raise Refused(404, f"there is no file {name[:80]!r}")

    async def scenarios(self, _: Request) -> Response:
        """Return the scenarios of the catalogue."""
        return JSONResponse({"scenarios": await to_thread.run_sync(_catalogue, tuple(names(SCENARIOS)))})

    async def schema(self, _: Request) -> Response:
        """Return the JSON Schema of scenario files."""
        from sim.scenario.json_schema import scenario_schema

        return JSONResponse(scenario_schema())

    async def describe(self, request: Request) -> Response:
        """Return the scenario: its levers, crossings and figures."""
        asked = await self._asked(await _body(request))
        return JSONResponse(await to_thread.run_sync(describe, asked.base))

    async def play(self, request: Request) -> Response:
        """Play a scenario with settings, and stream what the page shows: a line of JSON for each step."""
        asked = await self._asked(await _body(request))
        study = await to_thread.run_sync(
            functools.partial(Study, asked.base, asked.settings, self.options.kept, sampled=asked.sampled)
        )
        return StreamingResponse(_lines(self._steps(study, asked)), media_type="application/x-ndjson")

    async def values(self, request: Request) -> Response:
        """Play several values of one lever, and stream the headline measures of each: a line of JSON for each step."""
        body = await _body(request)
        asked = await self._asked(body)
        tried = read_range(asked.base, asked.settings, body)
        return StreamingResponse(_lines(self._each_value(tried, asked.sampled)), media_type="application/x-ndjson")

    async def _each_value(self, tried: Tried, sampled: bool) -> AsyncIterator[bytes]:
        """Yield the values that will be played, then the measures or the problems of each, as JSON."""
        of = tried.replications
        yield _as_json({"stage": "range", "values": tried.values, "present": tried.present, "of": of})
        for value in tried.in_turn:
            one: dict[str, Any] = {"stage": "value", "value": value}
            try:
                study = await to_thread.run_sync(
                    functools.partial(Study, tried.base, tried.at(value), self.options.kept, sampled=sampled)
                )
                async for played in self._further(study, of):
                    if played < of:
                        yield _as_json({"stage": "playing", "value": value, "replications": played})
                one["headlines"] = await to_thread.run_sync(_measured, study, limiter=self.more)
            except SimError as error:  # the other values may be played all the same
                one["problems"] = problems_of(error)
            yield _as_json(one)
        yield _as_json({"stage": "done"})

    async def _steps(self, study: Study, asked: Asked) -> AsyncIterator[bytes]:
        """Yield the charts of the first replication, all of it, then bands of more, each as JSON. Raises SimError."""
        self.played = True
        played = await to_thread.run_sync(study.first, limiter=self.first)
        yield await to_thread.run_sync(_charts, study, played, limiter=self.first)
        yield await to_thread.run_sync(_first, study, played, limiter=self.first)
        study.restart()
        of = asked.replications
        for stage in [*(stage for stage in STAGES if stage < of), of]:
            async for played_so_far in self._further(study, stage):
                if played_so_far < stage:
                    yield _as_json({"stage": "playing", "replications": played_so_far, "of": of})
            other = None
            if asked.pinned is not None:
                other = self.options.kept.totals.of(*asked.pinned, sampled=asked.sampled)
            yield await to_thread.run_sync(_band, study, other, of, limiter=self.more)

    async def _further(self, study: Study, until: int) -> AsyncIterator[int]:
        """Play and add replications until there are so many; yield their number from time to time. Raises SimError."""
        while study.replications < until:
            numbers = range(study.replications, min(study.replications + cores(), until))
            for played in await self._together(study, numbers):
                await to_thread.run_sync(study.add, played, limiter=self.more)
            yield study.replications

    async def _together(self, study: Study, numbers: Sequence[int]) -> list[Played]:
        """Play replications at the same time; return them in order. Raises SimError."""
        results: dict[int, Played | SimError] = {}

        async def one(replication: int) -> None:
            try:
                results[replication] = await to_thread.run_sync(study.play, replication, limiter=self.more)
            except SimError as error:
                results[replication] = error

        async with anyio.create_task_group() as group:
            for replication in numbers:
                group.start_soon(one, replication)
        played = [results[replication] for replication in numbers]
        for each in played:
            if isinstance(each, SimError):
                raise each
        return [each for each in played if not isinstance(each, SimError)]

    async def file(self, request: Request) -> Response:
        """Return the scenario file of a setting; `keep` writes it and returns the commands that play it."""
        body = await _body(request)
        asked = await self._asked(body)
        if body.get("keep") is True:
            return JSONResponse(await to_thread.run_sync(keep, asked.base, asked.settings))
        if body.get("keep") == "range":
            tried = read_values(asked.base, asked.settings, body)
            return JSONResponse(await to_thread.run_sync(keep_range, tried, read_bound(body), asked.sampled))
        text = await to_thread.run_sync(asked.base.what_if, asked.settings)
        return JSONResponse({"text": text, "name": f"{asked.base.loaded.scenario.name}_page.yaml"})

    async def imported(self, request: Request) -> Response:
        """Take a file of data that was dropped on the page into the demand of the scenario."""
        body = await _body(request)
        asked = await self._asked(body)
        return JSONResponse(await to_thread.run_sync(understood, asked.base, body))

    async def _asked(self, body: Mapping[str, Any]) -> Asked:
        """Read a request: `scenario`, `text`, `settings`, `pinned` (its `text` and `settings`), and how to play."""
        source = body.get("scenario", self.options.scenario)
        if not isinstance(source, str) or (source != self.options.scenario and source not in names(SCENARIOS)):
            raise SimError(
                f"this server does not know the scenario {str(source)[:80]!r}; choose another, or reload the page"
            )
        number = body.get("replications", REPLICATIONS)
        if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= MOST_REPLICATIONS:
            raise SimError(f"replications: expected a whole number from 1 to {MOST_REPLICATIONS}")
        given = body.get("pinned")
        pinned = None if given is None else await self._setting(source, given)
        return Asked(*await self._setting(source, body), pinned, number, body.get("sampled", True) is not False)

    async def _setting(self, source: str, given: Any) -> tuple[Base, Mapping[str, Value]]:
        """Read a scenario, or the `text` in its place, and the `settings` of its levers."""
        if not isinstance(given, dict) or not isinstance(given.get("text"), str | None):
            raise SimError("expected settings, and a text or none")
        base = await to_thread.run_sync(self.options.bases.get, source, given.get("text"))
        return base, read_settings(base.levers, given.get("settings", {}))


@functools.lru_cache(maxsize=1)
def _catalogue(_: tuple[str, ...]) -> list[dict[str, str]]:
    """Return names and titles of the scenarios; they are read again when there are others."""
    return [{"name": entry.file.stem, "title": entry.title} for entry in list_scenarios() if not entry.problems]


async def _lines(steps: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    try:
        async for step in steps:
            yield step + b"\n"
    except SimError as error:
        yield _as_json({"stage": "error", "problems": problems_of(error)}) + b"\n"


def _measured(study: Study) -> list[dict[str, Any]]:
    return headlines(study, study.result()[0], zeros=True)


def _charts(study: Study, played: Played) -> bytes:
    return _as_json({"stage": "charts", "charts": first_charts(study, played.measures)})


def _first(study: Study, played: Played) -> bytes:
    study.add(study.measured(played), compare=False)
    return _as_json({"stage": "first", **document(study)})


def _band(study: Study, other: Totals | None, of: int) -> bytes:
    pinned = None if other is None else study.differences(other)
    stage = {"stage": "done" if study.replications >= of else "band", "of": of, "sampled": study.posterior is not None}
    return _as_json({**stage, **document(study, pinned)})


def _as_json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _whole(digits: str) -> int | float:
    """Return a whole number; one beyond all that a float holds is infinite, which is refused like other values."""
    return int(digits) if len(digits) < LONGEST_WHOLE else float(digits)


async def _body(request: Request) -> dict[str, Any]:
    """Return the mapping in a request. Raises Refused if it is too large or none."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MOST_BYTES:
            raise Refused(413, f"the request is larger than {MOST_BYTES / 1e6:g} MB")
        chunks.append(chunk)
    try:
        body = json.loads(b"".join(chunks) or b"{}", parse_int=_whole)
    except (ValueError, RecursionError):
        raise Refused(400, "expected JSON") from None
    if not isinstance(body, dict):
        raise Refused(400, "expected a JSON object")
    return body
