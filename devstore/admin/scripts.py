"""The scripts a CDN would serve: stand-ins for App Bridge and Polaris, and the shell's own files."""

import re
from pathlib import Path

from flask import Response, request, send_from_directory
from werkzeug.wrappers import Response as BaseResponse

from devstore.admin.shell import bp

STATIC = Path(__file__).parents[1] / "static"
# Each file may use only those before it.
POLARIS = ["element", "box", "icons", "layout", "text", "actions", "feedback", "media", "fields", "choices"]
POLARIS += ["table", "overlays"]
_IMPORT = re.compile(r"^import .*?;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const|function|class)", re.MULTILINE)


def bundle_polaris() -> str:
    """The modules of static/polaris as one plain script, as the CDN's polaris-1.js is."""
    sources = [(STATIC / "polaris" / f"{name}.js").read_text(encoding="utf-8") for name in POLARIS]
    joined = "\n".join(_EXPORT.sub("", _IMPORT.sub("", source)) for source in sources)
    return f'(() => {{\n"use strict";\n{joined}\n}})();\n'


@bp.get("/cdn/shopifycloud/polaris-1.js")
def polaris() -> BaseResponse:
    return _script(bundle_polaris())


@bp.get("/cdn/shopifycloud/app-bridge.js")
def app_bridge() -> BaseResponse:
    return _script(_read("app-bridge.js"))


@bp.get("/cdn/admin/<path:name>")
def shell_file(name: str) -> Response:
    return send_from_directory(STATIC / "admin", name, max_age=0)


def _read(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


def _script(text: str) -> BaseResponse:
    """Always asked for again, rarely sent again: a developer's change must show at the next load."""
    answer = Response(text, content_type="text/javascript; charset=utf-8")
    answer.headers["Cache-Control"] = "no-cache"
    answer.add_etag()
    return answer.make_conditional(request)
