"""The web server of a live report: the files of the site, with one script that asks it for changes."""

from __future__ import annotations

import json
import mimetypes
import re
from dataclasses import asdict
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from reportgen.serve.state import LiveState

_STATUS, _SCRIPT = "/-/status", "/-/live.js"
_SECONDS = 20.0
"""Time until a question for changes is answered although nothing has changed."""
_MOST_PORTS = 100
_WAITING = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>reportgen</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'"></head>
<body><p>The first report is being built. This page changes when it is complete.</p></body></html>
"""
_POLICY = re.compile(r'(http-equiv="?Content-Security-Policy"? content=")([^"]*)')


class LiveServer(ThreadingHTTPServer):
    """Serves the site in a folder; it listens when it is made."""

    daemon_threads = True

    def __init__(self, host: str, port: int, folder: Path, state: LiveState) -> None:
        """Listen on ``port`` or, if that is taken, on the next free one.

        Args:
            host: the address of this machine to listen on.
            port: the first port.
            folder: the folder of the site.
            state: the state of the report, which the pages ask for.

        Raises:
            OSError: no port is free, or the address is not one of this machine.
        """
        self.folder, self.state = folder, state
        self.names = {host, "localhost", "127.0.0.1", "[::1]"}
        """Names by which a browser may ask for a page. Others come from pages of other sites."""
        last = min(port + _MOST_PORTS, 65536) - 1
        for number in range(port, last + 1):
            try:
                super().__init__((host, number), _Handler)
                break
            except OSError:
                if number == last:
                    raise
        self.port = self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    server: LiveServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a request."""
        name = re.sub(r":\d+$", "", self.headers.get("Host", ""))
        if name not in self.server.names and "0.0.0.0" not in self.server.names:
            self._send(HTTPStatus.FORBIDDEN, "text/plain", b"This address belongs to no page here.")
            return
        address = urlsplit(self.path)
        if address.path == _STATUS:
            asked = parse_qs(address.query).get("version", ["0"])[0]
            status = self.server.state.wait(int(asked) if asked.isdecimal() else 0, _SECONDS)
            self._send(HTTPStatus.OK, "application/json", json.dumps(asdict(status)).encode())
        elif address.path == _SCRIPT:
            script = resources.files("reportgen.serve").joinpath("live.js").read_bytes()
            self._send(HTTPStatus.OK, "text/javascript", script)
        else:
            self._send_file(unquote(address.path))

    def _send_file(self, path: str) -> None:
        built = self.server.state.status.built
        file = (self.server.folder / path.lstrip("/").replace("\0", "")).resolve()
        if path.endswith("/"):
            file /= "index.html"
        inside = file.is_relative_to(self.server.folder.resolve())
        if path == "/" and not built:
            self._send(HTTPStatus.OK, "text/html", live_page(_WAITING, built).encode())
        elif not inside or not file.is_file():
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"There is no such page in this report.")
        elif file.suffix == ".html":
            self._send(HTTPStatus.OK, "text/html", live_page(file.read_text(encoding="utf-8"), built).encode())
        else:
            kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
            self._send(HTTPStatus.OK, kind, file.read_bytes())

    def _send(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


def live_page(text: str, built: int) -> str:
    """Return a page that follows its report: with one more script, and a policy that allows it to ask this server."""

    def allow(match: re.Match[str]) -> str:
        parts = [part.strip() for part in match[2].split(";") if part.strip()]
        scripts = next((part for part in parts if part.startswith("script-src ")), "script-src")
        others = [part for part in parts if not part.startswith("script-src")]
        scripts = scripts if "'self'" in scripts else f"{scripts} 'self'"
        styles = [] if any(part.startswith("style-src") for part in others) else ["style-src 'self'"]
        return match[1] + "; ".join([*others, scripts, *styles, "connect-src 'self'"])

    script = f'<script src="{_SCRIPT}" data-built="{built}"></script>'
    return _POLICY.sub(allow, text, count=1).replace("</body>", f"{script}</body>")
