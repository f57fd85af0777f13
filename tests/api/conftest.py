"""A program at the API's door: every answer it gets is held against the OpenAPI document."""

import json
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from app import db
from app.api.openapi import make_document
from app.auth.api import make_token
from app.auth.scopes import Scope, offered
from app.config import get_config
from app.models.shops import Shop
from app.models.vendors import Vendor
from tests.apps import get_app


class Program:
    """Speaks JSON with one token. `last` is the newest answer."""

    def __init__(self, client: FlaskClient, token: str | None) -> None:
        self.client, self.token = client, token

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> TestResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token is not None:
            named.setdefault("Authorization", f"Bearer {self.token}")
        data = None if body is None else body if isinstance(body, str | bytes) else json.dumps(body)
        if data is not None:
            named.setdefault("Content-Type", "application/json")
        answer = self.client.open(f"/api/v1{path}", method=method, data=data, headers=named)
        check_answer(method, path, answer)
        return answer

    def get(self, path: str, **headers: str) -> Any:
        """The answer's JSON; it must be a success."""
        answer = self.ask("GET", path, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        return self.ask("POST", path, {} if body is None else body, **headers)

    def problem(self, method: str, path: str, body: Any = None) -> Any:
        """The refusal's JSON."""
        answer = self.ask(method, path, body)
        assert answer.status_code >= 400, answer.text
        return answer.json

    def list_all(self, path: str) -> list[Any]:
        """Every part of a list, by its links."""
        found: list[Any] = []
        answer = self.ask("GET", path)
        while True:
            assert answer.status_code == 200, answer.text
            assert answer.json is not None
            found += answer.json["data"]
            ours = re.escape(get_config().app_url)
            link = re.match(rf'<{ours}/api/v1([^>]+)>; rel="next"', answer.headers.get("Link", ""))
            assert bool(link) == bool(answer.json["next_cursor"])
            if link is None:
                return found
            answer = self.ask("GET", link[1])


def check_answer(method: str, path: str, answer: TestResponse) -> None:
    """Whatever was answered is what the document says of it."""
    assert answer.headers["X-Request-Id"]
    document = make_document()
    described = _find(document, method, path.partition("?")[0])
    if answer.status_code >= 400:
        assert answer.mimetype == "application/problem+json", answer.text
        _validate(document, {"$ref": "#/components/schemas/Problem"}, answer.json)
        if described and answer.status_code != 405:
            assert str(answer.status_code) in described["responses"], (method, path, answer.text)
    elif described and answer.status_code not in {204, 304}:
        content = described["responses"][str(answer.status_code)]["content"]["application/json"]
        _validate(document, content["schema"], answer.json)


def _find(document: dict[str, Any], method: str, path: str) -> Any:
    for template, operations in document["paths"].items():
        pattern = re.sub(r"\{(\w+)\}", "[^/]+", template)
        if (
            method.lower() in operations
            and re.fullmatch(pattern, path)
            and _fits(operations[method.lower()], template, path)
        ):
            return operations[method.lower()]
    return None


def _fits(operation: dict[str, Any], template: str, path: str) -> bool:
    """Whether it is this path, with words in it that the parameters allow."""
    values = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), path)
    if values is None:
        return False
    allowed = {p["name"]: p["schema"] for p in operation["parameters"] if p["in"] == "path"}
    return all(
        value in schema.get("enum", [value]) and (schema["type"] != "integer" or value.isdecimal())
        for name, value in values.groupdict().items()
        for schema in [allowed[name]]
    )


def _validate(document: dict[str, Any], schema: dict[str, Any], value: Any) -> None:
    whole = {**schema, "components": document["components"]}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


@pytest.fixture(scope="session")
def app() -> Flask:
    return get_app()


@pytest.fixture
def client(app: Flask, database: str) -> FlaskClient:
    return app.test_client()


def token_for(
    shop: Shop,
    vendor: Vendor | None = None,
    *,
    scopes: Sequence[Scope] | None = None,
    expires_at: datetime | None = None,
) -> str:
    """A token with every scope it can have, or with `scopes`."""
    vendor_id = vendor.id if vendor else None
    given = offered(to_vendor=vendor is not None, has_clock=True) if scopes is None else scopes
    with db.scoped(shop.id, vendor_id) as session:
        return make_token(session, shop.id, "Test", given, actor="staff:1", vendor_id=vendor_id, expires_at=expires_at)[
            1
        ]


@pytest.fixture
def merchant(client: FlaskClient, acme: Shop) -> Program:
    return Program(client, token_for(acme))


@pytest.fixture
def adas(client: FlaskClient, acme: Shop, ada: Vendor) -> Program:
    return Program(client, token_for(acme, ada))


@pytest.fixture
def rival(client: FlaskClient, zenith: Shop) -> Program:
    return Program(client, token_for(zenith))
