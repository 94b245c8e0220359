"""Who may ask the server of the page, and the headers that protect the page in a browser."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
)
COOKIE = "border_queues_token"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""Names under which a page of this machine is asked for."""


class Guard:
    """Lets only requests of the page through, and adds the headers that protect it."""

    def __init__(self, app: ASGIApp, port: int, token: str = "", framed: bool = False) -> None:
        """Guard an application at a port; with a `token`, only who has it is let through; a notebook may frame it."""
        self.app, self.port, self.token, self.framed = app, port, token, framed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        refusal = self._refusal(request)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        framed = "'self' http://localhost:* http://127.0.0.1:*" if self.framed else "'none'"

        async def guarded(message: Any) -> None:
            if message["type"] == "http.response.start":
                headers = {
                    "content-security-policy": POLICY + framed,
                    "x-content-type-options": "nosniff",
                    "referrer-policy": "no-referrer",
                    "cross-origin-resource-policy": "same-origin",
                    "cache-control": "no-store",
                }
                message["headers"] += [(name.encode(), value.encode()) for name, value in headers.items()]
            await send(message)

        await self.app(scope, receive, guarded)

    def _refusal(self, request: Request) -> Response | None:
        """Return the answer to a request that is not one of the page; None if it is."""
        host = request.headers.get("host", "")
        named = host.rpartition(":")[0] in LOOPBACK or host in LOOPBACK
        if not named and not self.token:  # a page that borrows a name does not know the token
            return _sentence(403, f"this page is not served as {host!r}; open http://127.0.0.1:{self.port}/")
        if request.method not in ("GET", "HEAD"):
            origin = request.headers.get("origin")
            if origin is not None and origin.partition("://")[2] != host:
                return _sentence(403, "the request comes from another page")
            if request.headers.get("content-type", "").partition(";")[0] != "application/json":
                return _sentence(415, "expected a request of kind application/json")
        if not self.token:
            return None
        if secrets.compare_digest(request.cookies.get(COOKIE, "").encode(), self.token.encode()):
            return None
        given = request.query_params.get("token", "")
        if request.url.path == "/" and secrets.compare_digest(given.encode(), self.token.encode()):
            answer = RedirectResponse("/")
            answer.set_cookie(COOKIE, self.token, httponly=True, samesite="strict")
            return answer
        return _sentence(403, "this page needs its token; open the address that `sim serve` printed")


def _sentence(status: int, text: str) -> Response:
    return JSONResponse({"problems": [{"message": text}]}, status)
