"""What a request is answered when something is wrong, in the manner of who asks."""

from http import HTTPStatus
from typing import Any

import structlog
from flask import Flask, Response, g, json, jsonify, render_template, request
from markupsafe import escape
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from app import web
from app.config import get_config
from app.errors import AppError, ValidationErrors
from app.languages import _

_log = structlog.get_logger(__name__)


def register(app: Flask) -> None:
    """Answer every error of `app`, those that nobody thought of, too."""
    app.register_error_handler(AppError, _answer_app_error)
    app.register_error_handler(DataError, _answer_unstorable)
    app.register_error_handler(RecursionError, _answer_unreadable)
    app.register_error_handler(HTTPException, _answer_http_error)
    app.register_error_handler(Exception, _answer_bug)


def _answer_app_error(error: AppError) -> Response:
    errors = error.errors if isinstance(error, ValidationErrors) else {}
    response = _answer(error.status, error.message, errors=errors, kind=error.kind)
    response.headers.update(error.headers)
    return response


def _answer_unstorable(_error: DataError) -> Response:
    """PostgreSQL knows no such value: a number beyond 64 bits, or a text with a NUL in it. Forms send neither."""
    return _answer(HTTPStatus.BAD_REQUEST, web.no_such_value())


def _answer_unreadable(_error: RecursionError) -> Response:
    """Of all we do, only reading JSON goes as deep as somebody else says."""
    _log.warning("request_nested_too_deep")
    return _answer(HTTPStatus.BAD_REQUEST, "This is nested too deep to be read.")


def _answer_http_error(error: HTTPException) -> Response:
    if isinstance(error.response, Response):
        return error.response
    messages = {
        404: _("There is nothing at this address. It may have moved, or the link may be incomplete."),
        405: _("This address does not answer that kind of request."),
        413: _("That is more than we can take at once. Send a smaller file."),
    }
    code = HTTPStatus(error.code or 500)
    response = _answer(code, messages.get(code, error.description or code.phrase))
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _answer_bug(error: Exception) -> Response:
    _log.exception("request_failed", error=type(error).__name__)
    return _answer(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        _(
            "Something on our side failed and nothing was changed. Try again; if it stays, report %(request_id)s.",
            request_id=g.request_id,
        ),
    )


def _answer(
    status: HTTPStatus, message: str, *, errors: dict[str, str] | None = None, kind: str | None = None
) -> Response:
    """As a problem for programs, as JSON, as a toast for htmx, or as a page in the manner of the door."""
    if session := g.get("session"):
        session.rollback()  # what failed is undone, and the page that says so can read again
    if request.path.startswith("/api/"):
        return _problem(status, kind or status.phrase.lower().replace(" ", "-"), message, errors or {})
    wants_json = request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"
    if wants_json or request.is_json:
        response = jsonify({"ok": False, "message": message, "errors": errors or {}})
    elif request.headers.get("HX-Request"):
        response = web.toast(Response(str(escape(message))), message, is_error=True)
        # htmx swaps refusals in, too: the page, and what was typed in it, must stay.
        response.headers["HX-Reswap"] = "none"
    else:
        door = web.door_of(request.blueprint)
        folder = door if door in {"merchant", "portal"} and g.get("shop") else "open"
        response = Response(render_template(f"{folder}/error.html", status=status, message=message))
    response.status_code = status
    return response


def _problem(status: HTTPStatus, kind: str, message: str, errors: dict[str, str]) -> Response:
    """RFC 9457. Keys of `errors` are fields of the body, "#/items/0/price" deep in it, "?limit" of the query,
    "If-Match:" a header.
    """
    problem: dict[str, Any] = {
        "type": f"{get_config().app_url}/api/v1/docs#problem-{kind}",
        "title": status.phrase,
        "status": status.value,
        "detail": message,
        "instance": f"urn:request:{g.get('request_id', '')}",
    }
    if errors:
        problem["errors"] = [_name_place(place) | {"detail": words} for place, words in errors.items()]
    return Response(json.dumps(problem), status=status, mimetype="application/problem+json")


def _name_place(place: str) -> dict[str, str]:
    if place.startswith("#"):
        return {"pointer": place}
    if place.startswith("?"):
        return {"parameter": place[1:]}
    return {"header": place[:-1]} if place.endswith(":") else {"pointer": f"#/{place}"}
