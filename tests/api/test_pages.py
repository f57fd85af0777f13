"""The pages on which people make and end tokens."""

import re
from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.models.api import ApiToken
from app.models.shops import Shop
from tests.api.conftest import Program
from tests.apps import get_app
from tests.architecture.polaris import lint_polaris
from tests.conftest import make_vendor
from tests.portal.conftest import signed_in
from tests.shopify.fake import FakeShopify
from tests.shopify.signing import sign_id_token

SECRET = re.compile(r"sk_(?:shop|vendor)_[\w-]+")
WANTED = {"name": "Warehouse", "lifetime": "30", "scopes": ["vendors:read"]}


@pytest.fixture
def mona(database: str, shopify: FakeShopify) -> Iterator[FlaskClient]:
    with get_app().test_client() as client:
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {sign_id_token()}"
        assert client.get("/app").status_code == 200
        yield client


def program(client: FlaskClient, secret: str) -> Program:
    return Program(client.application.test_client(), secret)


def test_a_merchant_makes_a_token_sees_it_once_and_revokes_it(mona: FlaskClient) -> None:
    assert "Let a program work here" in mona.get("/app/api").text
    page = mona.post("/app/api", data=WANTED)
    assert lint_polaris(page.text) == []
    found = SECRET.search(page.text)
    assert found
    listed = mona.get("/app/api")
    assert lint_polaris(listed.text) == []
    assert found.group() not in listed.text
    assert found.group()[-4:] in listed.text
    assert "See vendors</s-table-cell>" in listed.text
    asked = program(mona, found.group())
    assert asked.get("/me")["scopes"] == ["vendors:read"]
    assert asked.ask("GET", "/orders").status_code == 403
    with db.system() as session:
        token = session.scalars(select(ApiToken)).one()
    assert token.expires_at
    assert (token.expires_at - token.created_at).days in {29, 30}
    assert mona.post(f"/app/api/{token.id}/revoke").status_code == 200
    assert asked.ask("GET", "/me").status_code == 401


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "Say what will use it"),
        ({"scopes": []}, "Choose at least one"),
        ({"scopes": ["everything"]}, "error="),
        ({"scopes": ["clock:write"]}, "error="),
        ({"lifetime": "100000"}, "error="),
    ],
)
def test_a_token_that_cannot_be_is_refused_beside_its_field(
    mona: FlaskClient, change: dict[str, object], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STALLKEEPER_CLOCK_DIR", raising=False)
    page = mona.post("/app/api", data={**WANTED, **change})
    assert page.status_code == 422
    assert said in page.text
    assert not SECRET.search(page.text)


def test_a_vendor_makes_a_token_for_itself_only(mona: FlaskClient) -> None:
    with db.system() as session:
        acme = session.scalars(select(Shop)).one()
    ada, bea = make_vendor(acme, "Ada's Ceramics", "ada@example.com"), make_vendor(acme, "Bea", "bea@example.com")
    browser = signed_in(mona.application, ada)
    assert browser.post("/portal/api", data={**WANTED, "scopes": ["payouts:write"]}).status_code == 422
    page = browser.post("/portal/api", data={**WANTED, "scopes": ["vendors:read", "ledger:read"]})
    found = SECRET.search(page.text)
    assert found
    hers = program(mona, found.group())
    assert [vendor["id"] for vendor in hers.get("/vendors")["data"]] == [ada.id]
    with db.system() as session:
        token = session.scalars(select(ApiToken)).one()
    others = signed_in(mona.application, bea)
    assert "Warehouse" not in others.get("/portal/api").text
    assert others.post(f"/portal/api/{token.id}/revoke").status_code == 404
    assert "Ada&#39;s Ceramics" in mona.get("/app/api").text, "the merchant sees and may end it"
    assert browser.post(f"/portal/api/{token.id}/revoke").status_code == 303
    assert hers.ask("GET", "/vendors").status_code == 401
