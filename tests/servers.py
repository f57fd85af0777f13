"""HTTP servers in the process of the tests: somebody else's, and WSGI applications for a browser."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any

from werkzeug import serving


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """Yields its address; it has ended afterwards."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def make_server(host: str, port: int, application: Any) -> serving.BaseWSGIServer:
    """Werkzeug's server, a thread for each request; it leaves no file open when a browser goes away in the middle."""
    return serving.make_server(host, port, application, threaded=True, request_handler=_Handler)


class _Handler(serving.WSGIRequestHandler):
    """Reads files whole: when a connection drops, werkzeug does not always close what it was sending (PEP 3333)."""

    def make_environ(self) -> dict[str, Any]:
        return super().make_environ() | {"wsgi.file_wrapper": _read}


def _read(file: IO[bytes], _size: int) -> list[bytes]:
    with file:
        return [file.read()]
