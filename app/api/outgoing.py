"""What other systems are called with, for the API's description: one webhook for each kind of event."""

from typing import Any, Final

from app.hooks.kinds import FIELDS, GROUPS, Field, Kind, fields_of

_EVENT_ID: Final = "The event's name. It stays the same however often the call is tried: do once what you do for it."
_HEADERS: Final = {
    "webhook-id": _EVENT_ID,
    "webhook-timestamp": "When this attempt was made, in seconds since 1970. Refuse what is older than five minutes.",
    "webhook-signature": "Verify it with a library for Standard Webhooks and the secret that the address was given.",
}
_ANSWERS: Final = {
    "2XX": {"description": "Heard. Anything else is tried again: eight times within about 28 hours."},
    "410": {"description": "Nobody listens there any more: the address is stopped."},
}


def make_webhooks() -> dict[str, Any]:
    """The document's `webhooks`, by the kind of event."""
    return {kind: {"post": _describe(kind, what)} for group in GROUPS.values() for kind, what in group.items()}


def _describe(kind: str, what: Kind) -> dict[str, Any]:
    return {
        "operationId": f"hear{kind}",
        "summary": what.words,
        "security": [],
        "parameters": [
            {"name": name, "in": "header", "required": True, "description": words, "schema": {"type": "string"}}
            for name, words in _HEADERS.items()
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _body(kind)}}},
        "responses": _ANSWERS,
    }


def _body(kind: str) -> dict[str, Any]:
    data = {name: _field(FIELDS[name]) for name in fields_of(kind)}
    when = {"type": "string", "format": "date-time", "description": "When it happened."}
    return _object({"type": {"type": "string", "const": kind}, "timestamp": when, "data": _object(data)})


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "required": list(fields), "properties": fields}


def _field(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": [field.type, "null"] if field.may_be_null else field.type}
    if field.type == "array":
        schema["items"] = {"type": "integer"}
    return {**schema, "description": field.meaning}
