"""The server of the page: what it answers, and what it refuses."""

from __future__ import annotations

import base64
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sim
from sim.errors import SimError
from sim.scenario.text.load_scenario import load
from sim.verbs.serve.base import read_base
from sim.verbs.serve.server import Server
from sim.verbs.serve.study import Kept, Study

TINY = Path(__file__).parents[2] / "tiny.yaml"
COUNTS = "time,cars\n" + "\n".join(
    f"2022-09-{day:02} {hour:02}:00,{hour + day}" for day in range(1, 15) for hour in range(24)
)
PATHS = ("/api/describe", "/api/play", "/api/range", "/api/file", "/api/import")
STREAMS = ("/api/play", "/api/range")
BOOTHS = "post/exit_control/servers"


class Client:
    """Asks a server as the page does, or as somebody else."""

    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        status, content, _ = self.raw(path, body, headers)
        lines = [json.loads(line) for line in content.decode().splitlines()]
        return status, lines if path in STREAMS and status == 200 else lines[0]

    def raw(
        self, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        usual = {"host": f"127.0.0.1:{self.port}", **({} if body is None else {"content-type": "application/json"})}
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection.request("GET" if body is None else "POST", path, content, {**usual, **(headers or {})})
        response = connection.getresponse()
        answer = response.status, response.read(), response
        connection.close()
        return answer


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    server = Server(str(TINY))
    thread = server.start()
    port = server.socket.getsockname()[1]
    yield Client(port)
    server.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_an_address_is_told_only_where_somebody_listens() -> None:
    server = Server(str(TINY))  # not started yet
    with server.socket, socket.create_connection(server.socket.getsockname(), timeout=5):
        assert server.url == f"http://127.0.0.1:{server.socket.getsockname()[1]}/"


def test_the_page_and_its_files_are_served_with_a_policy(client: Client) -> None:
    status, content, response = client.raw("/")
    assert (status, response.headers["content-type"].partition(";")[0]) == (200, "text/html")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy
    named = [part.partition('"')[0] for part in content.decode().replace("'", '"').split('"/assets/')[1:]]
    assert {"main.js", "charts.js", "serve.css", "uPlot.iife.min.js"} <= set(named)
    assert [name for name in named if client.raw(f"/assets/{name}")[0] != 200] == []


@pytest.mark.parametrize(
    "name", ["../app.py", "..%2Fapp.py", "%2e%2e/app.py", "nothing.js", "index.html%00.js", "C:\\x.js"]
)
def test_other_files_are_not_served(client: Client, name: str) -> None:
    status, content, _ = client.raw(f"/assets/{name.replace(chr(92), '%5C')}")
    assert status == 404
    assert b"Starlette(" not in content


def test_a_scenario_is_described_and_played_in_stages(client: Client) -> None:
    status, shown = client.ask("/api/describe", {})
    assert (status, shown["name"], list(shown["crossings"])) == (200, "tiny", ["post"])
    assert {"post/exit_control/servers", "what_if/more_booths"} <= {lever["id"] for lever in shown["levers"]}
    status, steps = client.ask("/api/play", {"replications": 5})
    charts, *shown = [step for step in steps if step["stage"] != "playing"]
    assert (charts["stage"], charts["charts"]) == ("charts", shown[0]["charts"])
    stages = [(step["stage"], step["replications"]) for step in shown]
    assert stages == [("first", 1), ("band", 4), ("done", 5)]
    assert shown[0]["charts"][0]["lines"][0]["low"] is None
    assert shown[-1]["charts"][0]["lines"][0]["low"] is not None
    assert shown[-1]["reported"][0]["id"] == "queue_at_noon"
    assert steps == client.ask("/api/play", {"replications": 5})[1]


def test_differences_from_a_pinned_setting_are_on_the_same_random_numbers(client: Client) -> None:
    setting = {"post/exit_control/servers": 4}
    client.ask("/api/play", {"replications": 4})
    steps = client.ask("/api/play", {"replications": 4, "settings": setting, "pinned": {"settings": {}}})[1]
    changes = {row["name"]: row["change"] for row in steps[-1]["headlines"]}
    assert changes["most people waiting"]["high"] < 0
    same = client.ask("/api/play", {"replications": 4, "settings": setting, "pinned": {"settings": setting}})[1]
    edited = TINY.read_text(encoding="utf-8").replace("staffing: 2", "staffing: 4")
    steps = client.ask("/api/play", {"replications": 4, "text": edited, "pinned": {"settings": {}}})[1]
    assert {row["name"]: row["change"] for row in steps[-1]["headlines"]} == changes
    assert {row["change"]["mean"] for row in same[-1]["headlines"]} <= {0, None}


def test_a_file_is_made_and_kept_below_the_results(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    setting = {"settings": {"post/exit_control/servers": 3}}
    status, made = client.ask("/api/file", setting)
    assert status == 200
    assert "exit_control" in made["text"]
    assert list(tmp_path.iterdir()) == []
    status, kept = client.ask("/api/file", {**setting, "keep": True})
    results = kept["path"].removesuffix(".yaml")
    assert kept["commands"][:2] == [f"sim run {kept['path']} --out {results}", f"sim report {results}"]
    assert Path(kept["path"]).parent == Path("results/page")
    assert load(kept["path"]).scenario.crossings["post"].stations["exit_control"].staffing.servers == 3  # type: ignore[union-attr]
    assert client.ask("/api/file", {**setting, "keep": True})[1] == kept


def test_data_become_the_demand(client: Client) -> None:
    body = {"name": "counts.csv", "content": base64.b64encode(COUNTS.encode()).decode()}
    status, found = client.ask("/api/import", body)
    assert (status, found["rows"], found["rejected"]) == (200, 336, [])
    assert found["understood"]
    played = client.ask("/api/play", {"text": found["text"], "replications": 1})[1]
    assert played[-1]["stage"] == "done"
    flights = "scheduled,passengers\n2022-09-21 08:00,40\n2022-09-21 09:30,60\n"
    timetable = {"name": "x.csv", "content": base64.b64encode(flights.encode()).decode(), "kind": "timetable"}
    status, found = client.ask("/api/import", {**timetable, "class": "foot", "column": "passengers"})
    assert status == 200, found
    assert "people: 40" in found["text"]
    assert client.ask("/api/play", {"text": found["text"], "replications": 1})[1][-1]["stage"] == "done"
    status, new = client.ask("/api/import", {**body, "new": True})
    assert client.ask("/api/describe", {"text": new["text"]})[1]["name"] == "my_border"


def test_errors_of_a_text_have_their_lines(client: Client) -> None:
    text = TINY.read_text(encoding="utf-8").replace("servers: 3, steps", "servers: many, steps")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "many" in row)
    for path in ("/api/describe", "/api/play"):
        status, told = client.ask(path, {"text": text})
        assert (status, told["problems"][0]["line"]) == (422, line)
        assert "many" in told["problems"][0]["message"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example:80"}, 403),
        ({"host": ""}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_requests_of_other_pages_are_refused(client: Client, headers: dict[str, str], status: int) -> None:
    for path in PATHS:
        got, told = client.ask(path, {}, headers)
        assert got == status
        assert told["problems"][0]["message"]


def test_a_name_that_leads_elsewhere_does_not_reach_the_page(client: Client) -> None:
    """A page whose name was pointed at this machine asks with that name as host (DNS rebinding)."""
    assert client.raw("/", headers={"host": f"evil.example:{client.port}"})[0] == 403


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from(
    (
        *("scenario", "text", "settings", "pinned", "replications", "sampled"),
        *("keep", "name", "content", "kind", "new"),
        *("lever", "from", "to", "values", "measure", "limit", "below"),
    )
)


@settings(max_examples=150)
@given(path=st.sampled_from(PATHS), body=st.dictionaries(KEYS, JUNK, max_size=5) | JUNK)
def test_junk_is_told_in_a_sentence(client: Client, path: str, body: Any) -> None:
    if isinstance(body, dict):
        body.pop("keep", None)
        body["replications"] = body.get("replications", 1)
        body["lever"] = body.get("lever", "post/exit_control/reacts")  # which is off
    status, content, _ = client.raw(path, json.dumps(body).encode())
    assert status in (200, 400, 422), content[:300]
    assert b"Traceback" not in content


@settings(max_examples=50)
@given(path=st.sampled_from(PATHS), body=st.binary(max_size=40))
def test_bytes_that_are_no_json_are_told(client: Client, path: str, body: bytes) -> None:
    status, told = client.ask(path, body or b"x")
    assert status in (400, 422, 200)
    if status != 200:
        assert told["problems"][0]["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"text": "' + b"[" * 5000 + b'"}',
        b'{"text": "a: &a [x, *a]"}',
        b'{"text": "a: &a [1,1]\\nb: &b [*a,*a]\\nc: &c [*b,*b]\\n"}',
        b'{"text": "\\u0000"}',
        b'{"text": "\\ud800"}',
        b'{"settings": {"post/demand/car": 1e400}}',
        b'{"replications": 1e9}',
        b'{"scenario": "../../etc/passwd"}',
        b'{"scenario": "/etc/passwd"}',
        b'{"text": "extends: /etc/hostname"}',
        b'{"name": "../../x.csv", "content": "YQ=="}',
        b'{"name": "x.exe", "content": "YQ=="}',
        b'{"name": "x.csv", "content": "%%%"}',
        b'{"name": "x.csv", "content": ""}',
    ],
)
def test_what_an_attacker_would_send_is_told(client: Client, body: bytes) -> None:
    for path in PATHS:
        status, content, _ = client.raw(path, body)
        assert status in (200, 400, 422), content[:300]
        assert b"Traceback" not in content
        assert b"root:" not in content


def test_a_request_that_is_too_large_is_refused(client: Client) -> None:
    status, told = client.ask("/api/describe", b'{"text": "' + b"x" * 26_000_000 + b'"}')
    assert (status, "larger than 25 MB" in told["problems"][0]["message"]) == (413, True)


def test_a_text_that_is_too_large_is_told(client: Client) -> None:
    status, told = client.ask("/api/describe", {"text": "# " + "x" * 20_000_000})
    assert (status, told["problems"][0]["message"][:24]) == (422, "the text is larger than ")


@pytest.mark.parametrize("path", ["/api/play", "/api/range", "/api/file"])
def test_a_number_beyond_all_floats_is_refused_in_words(client: Client, path: str) -> None:
    settings = {"post/exit_control/servers": 10**400}
    status, told = client.ask(path, {"settings": settings, "lever": "post/exit_control/servers"})
    assert status == 422
    assert "expected a number from" in told["problems"][0]["message"]


def test_ctrl_c_while_it_plays_ends_without_a_traceback(tmp_path: Path) -> None:
    text = TINY.read_text(encoding="utf-8").replace("rate: 25/h", "rate: 9000/h")
    (tmp_path / "busy.yaml").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "sim", "serve", "busy.yaml", "--no-browser", "--port", "0", "--quiet"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().strip().rstrip("/").rpartition(":")[2])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        content = {"content-type": "application/json", "host": f"127.0.0.1:{port}"}
        connection.request("POST", "/api/play", json.dumps({"replications": 200}).encode(), content)
        with connection.getresponse() as answer:
            answer.readline()  # the first charts
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        connection.close()
    assert "Traceback" not in said
    assert "Cancel" not in said


def test_too_many_parties_for_a_page_are_told(client: Client) -> None:
    text = TINY.read_text(encoding="utf-8").replace("rate: 25/h", "rate: 100000/h")
    status, told = client.ask("/api/play", {"text": text})
    assert status == 422
    assert "use `sim run`" in told["problems"][0]["message"]


def test_others_need_the_token() -> None:
    server = Server(str(TINY), host="0.0.0.0")
    thread = server.start()
    client = Client(server.socket.getsockname()[1])
    token = server.url.partition("token=")[2]
    assert len(token) > 20
    assert client.raw("/")[0] == 403
    assert client.raw("/?token=wrong")[0] == 403
    status, _, response = client.raw(f"/?token={token}")
    cookie = response.headers["set-cookie"].partition(";")
    assert (status, "httponly" in cookie[2].lower(), "samesite=strict" in cookie[2].lower()) == (307, True, True)
    assert client.raw("/", headers={"cookie": cookie[0]})[0] == 200
    assert client.ask("/api/describe", {}, {"cookie": cookie[0]})[0] == 200
    server.stop()
    thread.join(10)


def test_a_port_that_is_taken_is_told(client: Client) -> None:
    with pytest.raises(SimError, match=f"cannot listen at 127.0.0.1:{client.port}: .*give another --port"):
        Server(str(TINY), port=client.port)


def test_settings_that_were_not_played_have_no_differences() -> None:
    base, kept = read_base(str(TINY)), Kept()
    study = Study(base, {}, kept)
    for replication in range(2):
        study.add(study.play(replication))
    assert study.differences(kept.totals.of(base, {"post/exit_control/servers": 3.0}, sampled=True)) is None
    changes = study.differences(kept.totals.of(base, {}, sampled=True))
    assert changes is not None
    assert all(change.mean == 0 or change.n == 0 for change in changes)


def test_a_notebook_shows_the_page_in_a_frame() -> None:
    page = sim.explore(TINY)
    client = Client(int(page.url.rstrip("/").rpartition(":")[2]))
    status, _, response = client.raw("/")
    assert status == 200
    assert "frame-ancestors 'self' http://localhost:*" in response.headers["content-security-policy"]
    assert f'<iframe src="{page.url}"' in page._repr_html_()
    assert page.url in repr(page)
    page.stop()


def test_a_replication_that_cannot_be_played_is_told_in_the_stream(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Study.play

    def play(study: Study, replication: int) -> Any:
        if replication == 5:
            raise SimError("the memory ran out")
        return played(study, replication)

    monkeypatch.setattr(Study, "play", play)
    status, steps = client.ask("/api/play", {"replications": 6})
    stages = [step["stage"] for step in steps if step["stage"] != "playing"]
    assert (status, stages) == (200, ["charts", "first", "band", "error"])
    assert steps[-1]["problems"] == [{"message": "the memory ran out"}]


def test_a_page_that_went_away_stops_its_play(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    played = Study.play
    begun: list[int] = []

    def play(study: Study, replication: int) -> Any:
        begun.append(replication)
        time.sleep(0.05)
        return played(study, replication)

    monkeypatch.setattr(Study, "play", play)
    connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=60)
    connection.request("POST", "/api/play", json.dumps({"replications": 200}), {"content-type": "application/json"})
    response = connection.getresponse()
    response.readline()
    response.close()
    connection.close()
    before = 0
    while len(begun) != before:  # until no more are begun
        before = len(begun)
        time.sleep(1)
    assert len(begun) < 150
