"""From a typed function to an address: parse, check, call, answer. What is declared here is also what OpenAPI says."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from inspect import getdoc
from typing import Any, Final, TypeVar, get_type_hints
from urllib.parse import urlencode

import msgspec
from flask import Blueprint, Response, g, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.api import idempotency
from app.api.mistakes import explain
from app.api.shapes import Page
from app.auth.api import protect
from app.auth.scopes import Scope
from app.config import get_config
from app.errors import AppError, Forbidden, ValidationErrors

bp = Blueprint("api", __name__, url_prefix="/api/v1")
protect(bp)

Called = TypeVar("Called", bound=Callable[..., Any])
WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_BODY_AT_MOST: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One address and method. `query`, `body` and `answer` are the types that parse and answer."""

    name: str
    method: str
    path: str
    tag: str
    scope: Scope | None
    summary: str
    description: str
    query: Any
    body: Any
    answer: Any
    status: int
    for_vendors: bool
    has_version: bool
    """Whether If-Match guards it against overwriting what somebody else has just changed."""
    located: str | None
    """Where what was made is found: "/payouts/{0.id}", filled in from the answer."""
    call: Callable[..., Any]


OPERATIONS: Final[list[Operation]] = []


class MalformedJson(AppError):  # noqa: N818 - it reads as the answer it becomes
    kind = "malformed-json"


class WrongMediaType(AppError):  # noqa: N818
    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    kind = "unsupported-media-type"


class TooLarge(AppError):  # noqa: N818
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    kind = "too-large"


class MissingScope(Forbidden):
    kind = "missing-scope"


class Stale(AppError):  # noqa: N818
    status = HTTPStatus.PRECONDITION_FAILED
    kind = "stale"


def operation(
    method: str,
    path: str,
    *,
    tag: str,
    scope: Scope | None,
    for_vendors: bool = False,
    has_version: bool = False,
    located: str | None = None,
) -> Callable[[Called], Called]:
    """Register a function at `path`. Its parameter `query` is parsed from the query, `body` from JSON, the others
    from the path; what it returns is the answer. Its docstring's first line is the summary.
    """

    def register(call: Called) -> Called:
        hints = get_type_hints(call, include_extras=True)
        summary, _, description = (getdoc(call) or "").partition("\n")
        made = Operation(
            name=call.__name__,
            method=method,
            path=path,
            tag=tag,
            scope=scope,
            summary=summary.rstrip("."),
            description=description.strip(),
            query=hints.get("query"),
            body=hints.get("body"),
            answer=hints["return"],
            status=201 if located else 200,
            located=located,
            for_vendors=for_vendors,
            has_version=has_version,
            call=call,
        )
        OPERATIONS.append(made)
        bp.add_url_rule(path, call.__name__, partial(_run, made), methods=[method])
        return call

    return register


def check_version(current: msgspec.Struct) -> None:
    """Compare If-Match, when it was sent, with what is there now. The caller holds the lock. Raises Stale."""
    if "If-Match" in request.headers and not request.if_match.contains(tag_of(msgspec.json.encode(current))):
        raise Stale("It has changed since you read it. Read it again, then decide.")


def tag_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()[:24]


def _run(made: Operation, **path: Any) -> Response:
    _check_permission(made)
    if made.method not in WRITES:
        return _answer(made, made.call(**path, **_read_query(made)))
    if "If-Match" in request.headers and not made.has_version:
        raise ValidationErrors({"If-Match:": "This address compares no versions. Leave this header out."})
    raw = _read_body()
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return _answer(made, made.call(**path, **_read_query(made), **_parse_body(made, raw)))
    fingerprint = idempotency.fingerprint(made.method, request.full_path, raw)
    if stored := idempotency.find_answer(g.session, g.token.id, key, fingerprint):
        return stored
    response = _answer(made, made.call(**path, **_read_query(made), **_parse_body(made, raw)))
    idempotency.keep_answer(g.session, g.token, key, fingerprint, response)
    return response


def _check_permission(made: Operation) -> None:
    if g.vendor is not None and not made.for_vendors:
        raise Forbidden("A vendor's token cannot do that. Only the merchant's can.")
    if made.scope is not None and made.scope not in g.token.scopes:
        raise MissingScope(f"This token lacks the scope {made.scope}. Make one that has it.")


def _read_query(made: Operation) -> dict[str, Any]:
    given = request.args
    doubled = [name for name, values in given.lists() if len(values) > 1]
    if doubled:
        raise ValidationErrors({f"?{doubled[0]}": "Give this parameter once."})
    if made.query is None:
        if given:
            raise ValidationErrors({f"?{next(iter(given))}": "This address takes no such parameter."})
        return {}
    try:
        query = msgspec.convert(given.to_dict(), made.query, strict=False)
    except msgspec.ValidationError as error:
        raise ValidationErrors(explain(error, made.query, "?")) from None
    # Whose variable was empty wants one vendor's, not everybody's.
    if nulls := [name for name in given if getattr(query, name) is None]:
        raise ValidationErrors({f"?{nulls[0]}": "Leave this parameter out, or give it a value."})
    return {"query": query}


def _read_body() -> bytes:
    request.max_content_length = _BODY_AT_MOST
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise TooLarge("A body has at most 1 MiB.") from None


def _parse_body(made: Operation, raw: bytes) -> dict[str, Any]:
    if made.body is None:
        if raw.strip() not in {b"", b"{}"}:
            raise ValidationErrors({"#": "This address takes no body."})
        return {}
    if request.mimetype not in {"application/json", "application/merge-patch+json"} and raw:
        raise WrongMediaType("Send JSON: Content-Type: application/json.")
    try:
        body = msgspec.json.decode(raw or b"{}", type=made.body)
        json.loads(raw or b"{}", object_pairs_hook=_refuse_doubled, parse_int=str, parse_float=str)
    except msgspec.ValidationError as error:
        raise ValidationErrors(explain(error, made.body, "#")) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedJson(f"The body is no JSON: {error}.") from None
    return {"body": body}


def _refuse_doubled(pairs: list[tuple[str, Any]]) -> None:
    """Of two values under one name parsers take this or that one: nobody knows which was meant."""
    name, times = next(iter(Counter(name for name, _ in pairs).most_common(1)), ("", 0))
    if times > 1:
        raise ValidationErrors({"#": f"Give `{name}` once."})


def _answer(made: Operation, result: Any) -> Response:
    body = b"" if result is None else msgspec.json.encode(result)
    response = Response(body, status=made.status if body else HTTPStatus.NO_CONTENT, mimetype="application/json")
    if not body:
        del response.headers["Content-Type"]
        return response
    if isinstance(result, Page) and result.next_cursor:
        query = {**request.args.to_dict(), "cursor": result.next_cursor}
        response.headers["Link"] = f'<{get_config().app_url}{request.path}?{urlencode(query)}>; rel="next"'
    if made.located:
        response.headers["Location"] = f"{bp.url_prefix}{made.located.format(result)}"
        response.autocorrect_location_header = False
    response.set_etag(tag_of(body))
    if made.method == "GET":
        response.headers["Cache-Control"] = "private, no-cache"
        response.make_conditional(request)
    return response
