"""Starts the server of the page, for the command and for notebooks."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ipaddress
import logging
import secrets
import socket
import threading
import time
import webbrowser

from sim.errors import SimError
from sim.play import engines

GRACE = 2
"""Seconds that running answers have to end after Ctrl-C."""


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """Tell a fault from an answer that was given up because the server was stopped."""
    error = record.exc_info[0] if record.exc_info else None
    given_up = error is not None and issubclass(error, asyncio.CancelledError)
    return not (given_up or record.getMessage().startswith("Cancel "))


class Server:
    """A page about a scenario at an address of this machine. Raises SimError if it cannot be served there."""

    def __init__(self, scenario: str, *, port: int = 0, host: str = "127.0.0.1", framed: bool = False) -> None:
        try:
            import uvicorn

            from sim.verbs.serve.app import Options, make_app
            from sim.verbs.serve.base import Bases
        except ImportError as error:
            what = f"{error.name} is not installed" if error.name else str(error)
            raise SimError(f"{what}; the page needs `pip install 'border-queues[web]'`") from None
        bases, local = Bases(), _is_local(host)
        bases.get(scenario)
        self.socket = _listen(host, port)
        port = self.socket.getsockname()[1]
        token = "" if local else secrets.token_urlsafe(24)
        options = Options(scenario, port, token, framed, bases)
        engines.ready("compiled")
        self.socket.listen()  # from now on, who connects waits until the server has started
        shown = _own_address() if host in ("0.0.0.0", "::") else host
        shown = f"[{shown}]" if ":" in shown and not shown.startswith("[") else shown
        self.url = f"http://{shown}:{port}/{f'?token={token}' if token else ''}"
        config = uvicorn.Config(
            make_app(options), log_level="error", access_log=False, timeout_graceful_shutdown=GRACE, server_header=False
        )
        logging.getLogger("uvicorn.error").addFilter(_is_worth_telling)
        self._server = uvicorn.Server(config)

    def run(self, *, browser: bool) -> None:
        """Serve until Ctrl-C."""
        if browser:
            threading.Timer(0.5, webbrowser.open, [self.url]).start()
        gc.collect()
        gc.freeze()  # what lives as long as the server is not looked at again and again
        self._server.run(sockets=[self.socket])

    def start(self) -> threading.Thread:
        """Serve from a thread that ends with this process; return when requests are answered."""
        thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self.socket]}, daemon=True)
        thread.start()
        while thread.is_alive() and not self._server.started:
            time.sleep(0.01)
        return thread

    def stop(self) -> None:
        """End a server that was started."""
        self._server.should_exit = True


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host.strip("[]"), port))
    except OSError as error:
        listener.close()
        advice = "; give another --port, or 0 for any" if port else ""
        raise SimError(f"cannot listen at {host}:{port}: {error.strerror or error}{advice}") from None
    return listener


def _own_address() -> str:
    """Return the address of this machine in its network; nothing is sent to find it."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # an address for documentation (RFC 5737)
        return str(probe.getsockname()[0])
    return socket.gethostname()
