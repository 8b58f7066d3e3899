"""Who may ask: checks of Host, Origin and token on every request, and headers of every answer.

A page of another site that the user visits can send requests to this server, too. What stops it:

* the Host header must name this server, so a name that its owner points to 127.0.0.1 (DNS
  rebinding) is refused;
* an Origin header must be this server's, and a browser's own word on where a request comes from
  (Sec-Fetch-Site) must be `same-origin`, except for opening the page;
* what changes something needs the header `X-Mohart`, which a form cannot send, and a script of
  another site only after a question (CORS) that this server never answers;
* on another address than the loopback, a random token is needed, from the URL that is printed at
  the start; a cookie that no script can read keeps it from then on.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "::1")
READING = ("GET", "HEAD")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> [is_loopback(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "10.0.0.1")]
    [True, True, True, False, False]
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class HostRule:
    """Which Host headers name this server.

    Args:
        host: what the server is bound to.
        port: likewise; None accepts every port.

    A server on all addresses (`0.0.0.0`, `::`) is named by any address in numbers, which nobody can
    point elsewhere, by the machine's name and by the loopback's.
    """

    def __init__(self, host: str, port: int | None) -> None:
        self.port = port
        self.names = {host.lower()}
        self.any_address = host in ("0.0.0.0", "::", "")
        if self.any_address or is_loopback(host):
            self.names |= set(LOOPBACK)
        if self.any_address:
            self.names |= {socket.gethostname().lower(), socket.getfqdn().lower()}

    def allows(self, header: str) -> bool:
        """Whether a Host header is right.

        >>> rule = HostRule("127.0.0.1", 8000)
        >>> [rule.allows(h) for h in ("localhost:8000", "[::1]:8000", "evil.org:8000", "localhost")]
        [True, True, False, False]
        """
        name, port = _split(header)
        if self.port is not None and port != self.port:
            return False
        return name in self.names or (self.any_address and _is_address(name))


def _split(header: str) -> tuple[str, int | None]:
    """`[::1]:80` -> `::1`, 80; the port is None where there is none, -1 where it is no number."""
    text = header.strip().lower()
    if text.startswith("["):
        name, closed, rest = text[1:].partition("]")
        if not closed or (rest and rest[0] != ":"):
            return "", -1
        rest = rest.removeprefix(":")
    else:
        name, _, rest = text.partition(":")
    if not rest:
        return name, 80
    return name, int(rest) if rest.isascii() and rest.isdigit() and len(rest) <= 5 else -1


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Guard:
    """ASGI middleware with the checks of this module.

    Args:
        app: what is guarded.
        hosts: which Host headers are right.
        token: needed from everybody; None needs none.
    """

    def __init__(self, app: ASGIApp, *, hosts: HostRule, token: str | None = None) -> None:
        self.app, self.hosts, self.token = app, hosts, token
        self.cookie = f"mohart-{hosts.port or 0}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on and add headers to the answer."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no web sockets here
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        fresh = refusal is None and self._in_query(scope)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                added = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    added[name] = value
                added.setdefault("Cache-Control", "no-store")
                if fresh:
                    added.append(
                        "Set-Cookie",
                        f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict",
                    )
            await send(message)

        await (refusal or self.app)(scope, receive, answer)

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        said = headers.getlist("host")
        if len(said) != 1 or not self.hosts.allows(said[0]):
            return _refuse(421, "this server has another name; open the address that it printed")
        opening = scope["method"] == "GET" and scope["path"] == "/"
        origins = headers.getlist("origin")
        if any(origin.lower() != f"{scope['scheme']}://{said[0].lower()}" for origin in origins):
            return _refuse(403, "the request comes from another site; it is refused")
        site = headers.get("sec-fetch-site", "none")
        if site not in ("same-origin", "none") and not opening:
            return _refuse(403, "the request comes from another site; it is refused")
        if scope["method"] not in READING and headers.get("x-mohart") != "1":
            return _refuse(403, "the header X-Mohart: 1 is missing; use the page itself")
        if self.token is not None and not self._has_token(scope, headers):
            text = "the token is missing or wrong; open the address with ?token=... as printed"
            return PlainTextResponse(f"{text}\n", 403) if opening else _refuse(403, text)
        return None

    def _has_token(self, scope: Scope, headers: Headers) -> bool:
        return self._in_query(scope) or self._is_token(_cookies(headers, self.cookie))

    def _in_query(self, scope: Scope) -> bool:
        try:
            query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=20)
        except ValueError:
            return False
        return self._is_token(query.get("token", []))

    def _is_token(self, words: Iterable[str]) -> bool:
        wanted = self.token
        if wanted is None:
            return False
        return any(hmac.compare_digest(word.encode(), wanted.encode()) for word in words)


def _cookies(headers: Headers, name: str) -> list[str]:
    found = []
    for text in headers.getlist("cookie"):
        try:
            jar: SimpleCookie = SimpleCookie(text)
        except CookieError:
            continue
        found += [jar[name].value] if name in jar else []
    return found


def _refuse(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status)
