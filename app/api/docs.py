"""The API's description, for programs and for people."""

import re
from typing import Any, Final

import msgspec
from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup, escape

from app import web
from app.api.openapi import KINDS, PROBLEMS, make_document
from app.auth.api import limit
from app.auth.scopes import OF_VENDORS, WORDS
from app.hooks.kinds import FIELDS, GROUPS, fields_of

bp = Blueprint("api_docs", __name__, url_prefix="/api/v1")
web.open_to_all(bp, why="describes the API of every installation, and says nothing of any shop")

_CACHED: Final = {"Cache-Control": "public, max-age=300"}
_CODE: Final = re.compile(r"`([^`]+)`")
_STRONG: Final = re.compile(r"\*\*([^*]+)\*\*")


@bp.get("/openapi.json")
def show_openapi() -> ResponseReturnValue:
    body = msgspec.json.encode(make_document())
    return Response(body, mimetype="application/json", headers=_CACHED)


@bp.get("/docs")
def show_docs() -> ResponseReturnValue:
    document = make_document()
    html = render_template(
        "open/api_docs.html",
        document=document,
        server=document["servers"][0]["url"],
        titles={name: _title(schema) for name, schema in document["components"]["schemas"].items()},
        problems=PROBLEMS,
        kinds=KINDS,
        events=GROUPS,
        fields=FIELDS,
        fields_of=fields_of,
        scopes=WORDS,
        of_vendors=OF_VENDORS,
        limit=limit(),
        shape=_shape,
        prose=_prose,
        meaning=_meaning,
    )
    return Response(html, headers=_CACHED)


def _title(schema: dict[str, Any]) -> str:
    """Of "Page[Vendor]": "List of Vendor"."""
    title = str(schema["title"])
    return f"List of {title[5:-1]}" if title.startswith("Page[") else title


def _shape(schema: dict[str, Any]) -> str:
    """A schema in a few words: "integer", "list of Vendor", "string or null"."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return f"List of {name[5:-1]}" if name.startswith("Page_") else name
    if kinds := schema.get("anyOf"):
        return " or ".join(_shape(kind) for kind in kinds)
    if schema.get("type") == "array":
        return f"list of {_shape(schema.get('items', {}))}"
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    return str(schema.get("format") or schema.get("type") or "any value")


def _meaning(schema: dict[str, Any]) -> str:
    parts = [schema, *schema.get("anyOf", ())]
    return next((str(part["description"]) for part in parts if "description" in part), "")


def _prose(words: str) -> Markup:
    """Paragraphs with `code` and **strong** words, escaped."""
    paragraphs = [part for part in words.split("\n\n") if part.strip()]
    return Markup("").join(Markup("<p>{}</p>").format(_inline(part)) for part in paragraphs)


def _inline(words: str) -> Markup:
    marked = _CODE.sub(r"<code>\1</code>", str(escape(words)))
    return Markup(_STRONG.sub(r"<strong>\1</strong>", marked))  # noqa: S704 - escaped above
