"""The OpenAPI 3.1 document, made of the structs that parse and answer."""

import re
from functools import cache
from typing import Any, Final, get_args

import msgspec

from app.api.operations import OPERATIONS, WRITES, Operation
from app.api.outgoing import make_webhooks
from app.auth.scopes import WORDS
from app.config import get_config

_REF: Final = "#/components/schemas/{name}"
_CONVERTER: Final = re.compile(r"<(?:(?P<kind>\w+)(?:\((?P<choices>[^)]*)\))?:)?(?P<name>\w+)>")
ABOUT: Final = """
Programs do here what people do in the merchant's admin and in the vendor portal. A **merchant's token** (Settings > API
in the admin) reaches the whole shop, a **vendor's token** (More > API in the portal) that vendor's own things.

Send the token as `Authorization: Bearer sk_…`. Amounts are integers in the currency's smallest unit, rates are basis
points, moments are ISO 8601 in UTC.
""".strip()
TAGS: Final = (
    "Token", "Vendors", "Products", "Commission", "Orders", "Ledger", "Payouts", "Reconciliation", "Events", "Clock",
)  # fmt: skip
PROBLEMS: Final[dict[int, tuple[str, str]]] = {
    400: ("BadRequest", "The body is no JSON, or a value is none that can be stored."),
    401: ("Unauthorized", "There is no token, or it is unknown, revoked or expired."),
    403: ("Forbidden", "The token lacks the scope, or is a vendor's where a merchant's is needed."),
    404: ("NotFound", "There is no such thing, or it is not for this token to see."),
    409: (
        "Conflict",
        "It has moved on, so this is no longer possible; or the first request with this key is under way.",
    ),
    412: ("Stale", "It has changed since the version that If-Match names."),
    413: ("TooLarge", "The body is larger than 1 MiB."),
    415: ("UnsupportedMediaType", "The body is not declared as JSON."),
    422: ("Unprocessable", "A field or a parameter is wrong: `errors` says which, and what to do."),
    429: ("TooManyRequests", "The token has asked too often. `Retry-After` says how many seconds to wait."),
    500: ("Failed", "Something on our side failed, and nothing was changed."),
}

KINDS: Final[dict[str, tuple[int, str]]] = {
    "malformed-json": (400, "Send valid JSON in UTF-8."),
    "bad-request": (400, "Mend the value that `detail` speaks of."),
    "unauthorized": (401, "Send a token that is still good."),
    "forbidden": (403, "Ask with the merchant's token."),
    "missing-scope": (403, "Make a token that has the scope."),
    "not-found": (404, "Look at the address and the id."),
    "method-not-allowed": (405, "The header `Allow` has the methods there are."),
    "conflict": (409, "Read the thing again: it has moved on."),
    "idempotency-in-flight": (409, "Wait a moment, then send the same request again."),
    "stale": (412, "Read again, decide again, send the new `ETag`."),
    "too-large": (413, "Send less at once."),
    "unsupported-media-type": (415, "Send `Content-Type: application/json`."),
    "validation": (422, "Mend what `errors` names."),
    "idempotency-key-reused": (422, "Use a new key for each thing that you want done."),
    "rate-limited": (429, "Wait as long as `Retry-After` says."),
    "internal-server-error": (500, "Try again; if it stays, report the `X-Request-Id`."),
}
"""What `type` ends in."""


class ProblemPlace(msgspec.Struct, omit_defaults=True):
    """One thing that is wrong with the request, and where."""

    detail: str
    pointer: str | msgspec.UnsetType = msgspec.UNSET
    """JSON Pointer into the body, as a URI fragment."""
    parameter: str | msgspec.UnsetType = msgspec.UNSET
    """Name of a parameter of the query."""
    header: str | msgspec.UnsetType = msgspec.UNSET


class Problem(msgspec.Struct, omit_defaults=True):
    """RFC 9457: what went wrong, in words a person can act on."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[ProblemPlace] | msgspec.UnsetType = msgspec.UNSET


@cache
def make_document() -> dict[str, Any]:
    """The whole document, as JSON values."""
    types = [t for made in OPERATIONS for t in (made.body, made.answer) if t is not None and t is not type(None)]
    schemas, components = msgspec.json.schema_components([*types, Problem], ref_template=_REF)
    written = dict(zip(map(repr, [*types, Problem]), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for made in OPERATIONS:
        paths.setdefault(_path(made), {})[made.method.lower()] = _describe(made, written)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Stallkeeper",
            "version": "1",
            "summary": "Vendors, money and events of a marketplace.",
            "description": ABOUT,
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "servers": [{"url": f"{get_config().app_url}/api/v1"}],
        "security": [{"token": []}],
        "tags": [{"name": tag} for tag in TAGS],
        "paths": paths,
        "webhooks": make_webhooks(),
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": _list_scopes()}},
            "responses": {name: _problem(words) for name, words in PROBLEMS.values()},
            "headers": _HEADERS,
        },
    }


def _describe(made: Operation, written: dict[str, Any]) -> dict[str, Any]:
    whose = "The merchant's and vendors' tokens." if made.for_vendors else "The merchant's tokens only."
    needs = f"Needs the scope `{made.scope}`. {whose}" if made.scope else whose
    told: dict[str, Any] = {
        "operationId": made.name,
        "tags": [made.tag],
        "summary": made.summary,
        "description": f"{made.description}\n\n{needs}".strip(),
        "parameters": [*_path_parameters(made), *_query_parameters(made), *_header_parameters(made)],
        "responses": {**_success(made, written), **_refusals(made)},
    }
    if made.scope:
        told["security"] = [{"token": [made.scope.value]}]
    if made.body is not None:
        content = {"application/json": {"schema": written[repr(made.body)]}}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _success(made: Operation, written: dict[str, Any]) -> dict[str, Any]:
    if made.answer in {None, type(None)}:
        return {"204": {"description": "Done."}}
    names = ["ETag", "RateLimit", "RateLimit-Policy", "X-Request-Id", *(["Location"] if made.located else [])]
    names += ["Link"] if made.query and "cursor" in made.query.__struct_fields__ else []
    return {
        str(made.status): {
            "description": "Made." if made.located else "Done." if made.method in WRITES else "Found.",
            "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in names},
            "content": {"application/json": {"schema": written[repr(made.answer)]}},
        }
    }


def _refusals(made: Operation) -> dict[str, Any]:
    statuses = {400, 401, 403, 422, 429, 500}
    if "<" in made.path:
        statuses.add(404)
    if made.method in WRITES:
        statuses |= {404, 409, 413, 415}
    if made.has_version:
        statuses.add(412)
    return {str(code): {"$ref": f"#/components/responses/{PROBLEMS[code][0]}"} for code in sorted(statuses)}


def _path(made: Operation) -> str:
    return _CONVERTER.sub(lambda found: f"{{{found['name']}}}", made.path)


def _path_parameters(made: Operation) -> list[dict[str, Any]]:
    return [
        {"name": found["name"], "in": "path", "required": True, "schema": _path_schema(found)}
        for found in _CONVERTER.finditer(made.path)
    ]


def _path_schema(found: re.Match[str]) -> dict[str, Any]:
    if found["kind"] == "int":
        return {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
    if found["choices"]:
        return {"type": "string", "enum": [choice.strip() for choice in found["choices"].split(",")]}
    return {"type": "string"}


def _query_parameters(made: Operation) -> list[dict[str, Any]]:
    if made.query is None:
        return []
    return [_query_parameter(field) for field in msgspec.structs.fields(made.query)]


def _query_parameter(field: msgspec.structs.FieldInfo) -> dict[str, Any]:
    # An absent parameter is how a query says null.
    kinds = [kind for kind in get_args(field.type) if kind is not type(None)]
    optional = type(None) in get_args(field.type)
    schema = dict(msgspec.json.schema(kinds[0] if optional else field.type))
    if "$ref" in schema:
        schema = {k: v for k, v in next(iter(schema["$defs"].values())).items() if k != "title"}
    description = schema.pop("description", None)
    if field.default not in {msgspec.NODEFAULT, None, ""}:
        schema["default"] = msgspec.to_builtins(field.default)
    parameter: dict[str, Any] = {"name": field.encode_name, "in": "query", "required": field.required}
    if description:
        parameter["description"] = description
    return {**parameter, "schema": schema}


def _header_parameters(made: Operation) -> list[dict[str, Any]]:
    found = []
    if made.method in WRITES:
        words = (
            "A name for what you want done. Sent again within 24 hours, it gets the first answer and is not done twice."
        )
        schema = {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"}
        found.append({"name": "Idempotency-Key", "in": "header", "description": words, "schema": schema})
    if made.has_version:
        words = "The `ETag` you read. If somebody has changed it since, nothing is done and the answer is 412."
        found.append({"name": "If-Match", "in": "header", "description": words, "schema": {"type": "string"}})
    return found


def _problem(words: str) -> dict[str, Any]:
    schema = {"$ref": _REF.format(name="Problem")}
    return {"description": words, "content": {"application/problem+json": {"schema": schema}}}


def _list_scopes() -> str:
    rows = "\n".join(f"- `{scope}`: {words}" for scope, words in WORDS.items())
    return f"A token of the merchant's or of a vendor's, with the scopes that it was given.\n\n{rows}"


_HEADERS: Final = {
    name: {"description": words, "schema": {"type": "string"}}
    for name, words in {
        "ETag": "The version of what was answered, for If-None-Match and If-Match.",
        "Link": 'The next part of a list, as `rel="next"`.',
        "Location": "Where what was made is found.",
        "RateLimit": "How many requests are left (r) until the window ends (t seconds).",
        "RateLimit-Policy": "How many requests (q) a window of w seconds has.",
        "X-Request-Id": "The request's name in our logs.",
    }.items()
}
