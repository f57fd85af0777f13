"""The app's end of the proxy, as a real HTTP server."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest


class AppEnd:
    """The app's end of the proxy: remembers what it was sent, answers what it is told."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answer: tuple[int, dict[str, str], bytes] = (200, {"Content-Type": "application/json"}, b'{"ok": true}')
        end = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                end.requests.append({
                    "method": self.command,
                    "path": parts.path,
                    "query": parse_qsl(parts.query, keep_blank_values=True),
                    "headers": {name.lower(): value for name, value in self.headers.items()},
                    "body": self.rfile.read(length),
                })  # fmt: skip
                status, headers, body = end.answer
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    @property
    def last(self) -> dict[str, Any]:
        return self.requests[-1]


@pytest.fixture
def app_end() -> Iterator[AppEnd]:
    end = AppEnd()
    thread = threading.Thread(target=end.server.serve_forever, args=(0.01,))
    thread.start()
    yield end
    end.server.shutdown()
    thread.join()
    end.server.server_close()
