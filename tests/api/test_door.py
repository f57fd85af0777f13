"""Who gets in at the API's door, and how often."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import select, update

from app import clock, db
from app.api.operations import OPERATIONS
from app.auth import api as door
from app.auth import limits
from app.auth.scopes import Scope
from app.models.api import ApiToken
from app.models.events import AuditEntry
from app.models.shops import Shop, ShopStatus
from app.models.vendors import Vendor, VendorStatus
from tests.api.conftest import Program, token_for
from tests.portal.conftest import signed_in
from tests.shopify.signing import sign_id_token


def test_a_token_opens_the_door_of_its_shop(merchant: Program, ada: Vendor) -> None:
    assert [vendor["name"] for vendor in merchant.get("/vendors")["data"]] == [ada.name]


@pytest.mark.parametrize("given", [None, "", "Basic YTpi", "Bearer", "Bearer ", "Bearer \xff", "Bearer sk_shop_guess"])
def test_without_a_good_token_nobody_gets_in(client: FlaskClient, acme: Shop, given: str | None) -> None:
    headers = {} if given is None else {"Authorization": given}
    answer = Program(client, None).ask("GET", "/vendors", **headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_neither_cookies_nor_shopifys_session_tokens_open_it(app: object, client: FlaskClient, ada: Vendor) -> None:
    assert signed_in(client.application, ada).get("/api/v1/vendors").status_code == 401
    assert Program(client, sign_id_token()).ask("GET", "/vendors").status_code == 401


def test_a_token_in_the_address_opens_nothing(client: FlaskClient, acme: Shop) -> None:
    assert Program(client, None).ask("GET", f"/vendors?access_token={token_for(acme)}").status_code == 401


def test_an_expired_token_opens_nothing(client: FlaskClient, acme: Shop) -> None:
    token = token_for(acme, expires_at=clock.now() - timedelta(seconds=1))
    assert Program(client, token).ask("GET", "/vendors").status_code == 401


def test_a_revoked_token_opens_nothing_from_then_on(merchant: Program, acme: Shop) -> None:
    with db.scoped(acme.id) as session:
        token = session.scalars(select(ApiToken)).one()
        door.revoke_token(session, token.id, actor="staff:1")
    assert merchant.ask("GET", "/vendors").status_code == 401
    with db.scoped(acme.id) as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["api_token.make", "api_token.revoke"]


def test_a_token_of_a_shop_that_left_opens_nothing(merchant: Program, acme: Shop) -> None:
    with db.system() as session:
        session.execute(update(Shop).values(status=ShopStatus.UNINSTALLED))
    assert merchant.ask("GET", "/vendors").status_code == 401


def test_a_token_of_a_vendor_that_was_closed_opens_nothing(adas: Program) -> None:
    with db.system() as session:
        session.execute(update(Vendor).values(status=VendorStatus.CLOSED))
    assert adas.ask("GET", "/vendors").status_code == 401


def test_a_token_does_what_its_scopes_say(client: FlaskClient, acme: Shop, ada: Vendor) -> None:
    reader = Program(client, token_for(acme, scopes=[Scope.VENDORS_READ]))
    assert reader.ask("GET", "/vendors").status_code == 200
    answer = reader.post(f"/vendors/{ada.id}/close")
    assert answer.status_code == 403
    assert answer.json
    assert answer.json["type"].endswith("#problem-missing-scope")
    assert "vendors:write" in answer.json["detail"]


def test_who_may_change_rules_may_not_change_holds(client: FlaskClient, acme: Shop, ada: Vendor) -> None:
    rules = Program(client, token_for(acme, scopes=[Scope.COMMISSIONS_READ, Scope.COMMISSIONS_WRITE]))
    for method, path in (("PATCH", "/money-settings"), ("PUT", f"/vendors/{ada.id}/money-terms")):
        version = rules.ask("GET", path).headers["ETag"]
        answer = rules.ask(method, path, {"hold_days": 0}, If_Match=version)
        assert answer.status_code == 403
        assert answer.json
        assert "terms:write" in answer.json["detail"]
    assert rules.get("/money-settings")["hold_days"] == 14


def test_only_the_hash_is_stored_and_the_use_is_noted(client: FlaskClient, acme: Shop) -> None:
    secret = token_for(acme)
    Program(client, secret).get("/vendors")
    with db.system() as session:
        row = session.scalars(select(ApiToken)).one()
    assert secret.encode() not in row.token_hash
    assert row.last4 == secret[-4:]
    assert row.last_used_at is not None


def test_a_token_stands_in_no_log(client: FlaskClient, acme: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    secret = token_for(acme)
    program = Program(client, secret)
    program.get("/vendors")
    program.ask("GET", "/vendors/999")
    program.ask("GET", "/vendors?cursor=%00")
    program.ask("POST", "/vendors/1/approve", "no json")
    said = capfd.readouterr()
    assert "/vendors/999" in said.out + said.err
    assert secret not in said.out + said.err


def test_what_is_left_is_told_and_too_much_is_refused(
    merchant: Program, monkeypatch: pytest.MonkeyPatch, acme: Shop, client: FlaskClient
) -> None:
    monkeypatch.setattr(door, "limit", lambda: 2)
    first = merchant.ask("GET", "/vendors")
    assert first.headers["RateLimit-Policy"] == '"token";q=2;w=60'
    assert first.headers["RateLimit"].startswith('"token";r=1;t=')
    merchant.ask("GET", "/vendors")
    refused = merchant.ask("GET", "/vendors")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert Program(client, token_for(acme)).ask("GET", "/vendors").status_code == 200, "each token has its own window"


def test_without_redis_the_door_counts_all_the_same(merchant: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> None:
        raise RedisAway("no route")

    monkeypatch.setattr(limits, "get_redis", away)
    monkeypatch.setattr(door, "limit", lambda: 2)
    assert [merchant.ask("GET", "/vendors").status_code for _ in range(3)] == [200, 200, 429]


def test_a_rival_shop_sees_and_decides_nothing_here(rival: Program, ada: Vendor) -> None:
    assert rival.get("/vendors")["data"] == []
    assert rival.ask("GET", f"/vendors/{ada.id}").status_code == 404
    assert rival.post(f"/vendors/{ada.id}/close").status_code == 404


def test_what_is_the_merchants_no_vendors_token_does_whatever_its_scopes(adas: Program) -> None:
    refused = {}
    for made in OPERATIONS:
        if not made.for_vendors:
            path = re.sub(r"<any\((\w+)[^>]*>", r"\1", re.sub(r"<int:\w+>", "1", made.path))
            refused[made.name] = adas.problem(made.method, path)["detail"]
    assert refused == dict.fromkeys(refused, "A vendor's token cannot do that. Only the merchant's can.")
    assert {"act_on_payout", "change_pickup", "preview_payouts", "replace_money_terms"} <= set(refused)


def test_a_vendor_sees_itself_only(adas: Program, ada: Vendor, bea: Vendor) -> None:
    assert [vendor["id"] for vendor in adas.get("/vendors")["data"]] == [ada.id]
    assert adas.ask("GET", f"/vendors/{bea.id}").status_code == 404
    assert adas.post(f"/vendors/{ada.id}/close").status_code == 403
