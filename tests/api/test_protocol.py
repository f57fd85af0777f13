"""What is the same everywhere: problems, lists in parts, versions, and doing once what is asked for twice."""

import base64
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient
from openapi_spec_validator import validate
from sqlalchemy import event, select, update

from app import db
from app.api import idempotency
from app.api.openapi import make_document
from app.api.operations import OPERATIONS
from app.errors import AppError
from app.models.api import ApiAnswer
from app.models.events import AuditEntry
from app.models.shops import Shop
from app.models.vendors import Vendor, VendorStatus
from app.vendors import service
from tests.api.conftest import Program
from tests.conftest import make_vendor


def test_the_document_is_valid_openapi(client: FlaskClient) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert answer.json is not None
    assert answer.json["openapi"] == "3.1.0"
    validate(answer.json)


def test_the_document_names_every_address_of_the_app(client: FlaskClient) -> None:
    rules = [rule for rule in client.application.url_map.iter_rules() if rule.endpoint.startswith("api.")]
    assert {rule.endpoint.removeprefix("api.") for rule in rules} == {
        operation["operationId"] for path in make_document()["paths"].values() for operation in path.values()
    }


def test_the_docs_are_readable_without_a_token(client: FlaskClient) -> None:
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    for path in make_document()["paths"].values():
        for operation in path.values():
            assert f'id="{operation["operationId"]}"' in page.text


def test_every_kind_of_problem_is_explained(client: FlaskClient) -> None:
    kinds = {error.kind for error in every_error(AppError)}
    page = client.get("/api/v1/docs").text
    assert {kind for kind in kinds if f'id="problem-{kind}"' not in page} == set()


def every_error(parent: type[AppError]) -> set[type[AppError]]:
    return {parent} | {one for child in parent.__subclasses__() for one in every_error(child)}


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "said"),
    [
        ("GET", "/nothing", None, {}, 404, "nothing at this address"),
        ("GET", "/vendors/999", None, {}, 404, "no such vendor"),
        ("GET", "/vendors/99999999999999999999999", None, {}, 404, "nothing at this address"),
        ("DELETE", "/vendors", None, {}, 405, "does not answer"),
        ("POST", "/vendors/1/close", "x=1", {"Content_Type": "text/plain"}, 415, "application/json"),
        ("POST", "/vendors/1/close", "{", {}, 400, "no JSON"),
        ("POST", "/vendors/1/close", b"\xff", {}, 400, "no JSON"),
        ("POST", "/vendors/1/close", "[]", {}, 422, "Expected `object`"),
        ("POST", "/vendors/1/close", '{"reason": 1}', {}, 422, "Expected `str | null`"),
        ("POST", "/vendors/1/close", '{"raeson": "x"}', {}, 422, "raeson"),
        ("POST", "/vendors/1/close", '{"reason": "x", "reason": "y"}', {}, 422, "`reason` once"),
        ("PATCH", "/money-settings", '{"discount_bearers": {"A": "1", "A": "2"}}', {}, 422, "`A` once"),
        ("PATCH", "/money-settings", '{"fee_tax_bps": ' + "1" * 5000 + "}", {}, 422, "10000 basis points"),
        ("POST", "/vendors/1/close", " " * 1_100_000, {}, 413, "1 MiB"),
        ("GET", "/vendors?limit=0", None, {}, 422, ">= 1"),
        ("GET", "/vendors?limit=x", None, {}, 422, "Expected `int`"),
        ("GET", "/vendors?limit=1&limit=2", None, {}, 422, "once"),
        ("GET", "/vendors?colour=red", None, {}, 422, "colour"),
        ("GET", "/vendors/1?x=1", None, {}, 422, "no such parameter"),
        ("GET", "/vendors?cursor=x", None, {}, 422, "no cursor"),
        ("GET", "/vendors?cursor=WyJhIiwxXQ", None, {}, 422, "no cursor"),
        ("GET", "/vendors?search=%00", None, {}, 400, "no text has"),
        ("GET", "/vendors?status=null", None, {}, 422, "Leave this parameter out"),
        ("GET", "/payouts?vendor_id=null", None, {}, 422, "Leave this parameter out"),
        ("GET", "/payouts/preview?curency=EUR", None, {}, 422, "curency"),
        (
            "GET",
            "/vendors?status=fine",
            None,
            {},
            422,
            "Choose one of: approved, closed, pending, rejected, suspended.",
        ),
        ("PATCH", "/money-settings", {"shipping_to": "me"}, {}, 422, "Choose one of: marketplace, vendor."),
        ("POST", "/vendors/1/close", {}, {"If_Match": '"x"'}, 422, "compares no versions"),
        ("PATCH", "/money-settings", {"hold_days": 1}, {"If_Match": ""}, 412, "Read it again"),
    ],
)
def test_each_refusal_is_a_problem_that_says_what_to_do(
    merchant: Program, method: str, path: str, body: Any, headers: dict[str, str], status: int, said: str
) -> None:
    answer = merchant.ask(method, path, body, **headers)
    assert answer.status_code == status, answer.text
    assert said in answer.text


def test_a_wrong_field_and_a_wrong_parameter_are_named(merchant: Program) -> None:
    assert merchant.problem("POST", "/vendors/1/close", {"raeson": "x"})["errors"][0]["pointer"] == "#/raeson"
    assert merchant.problem("GET", "/vendors?limit=0")["errors"][0]["parameter"] == "limit"


def test_a_wrong_header_is_named(merchant: Program, ada: Vendor) -> None:
    answer = merchant.post(f"/vendors/{ada.id}/close", Idempotency_Key="a b")
    assert answer.json
    assert answer.json["errors"] == [
        {"header": "Idempotency-Key", "detail": "A key has 1 to 255 printable characters and no space."}
    ]


def test_no_name_that_nobody_knows_is_passed_over() -> None:
    taken = [kind for made in OPERATIONS for kind in (made.query, made.body) if kind is not None]
    assert [kind for kind in taken if not kind.__struct_config__.forbid_unknown_fields] == []


def test_a_place_deep_in_the_body_says_what_may_stand_there(merchant: Program) -> None:
    problem = merchant.problem("PATCH", "/money-settings", {"payout_schedule": {"schedule": "daily"}})
    assert problem["errors"] == [
        {
            "pointer": "#/payout_schedule/schedule",
            "detail": "Choose one of: fortnightly, manual, monthly, weekly.",
        }
    ]


def test_a_refused_method_names_those_there_are(merchant: Program) -> None:
    assert "GET" in merchant.ask("PATCH", "/vendors").headers["Allow"]


def test_a_bug_is_a_problem_too(merchant: Program, ada: Vendor, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(service, "move", fail)
    merchant.client.application.config["PROPAGATE_EXCEPTIONS"] = False
    answer = merchant.post(f"/vendors/{ada.id}/close")
    assert answer.status_code == 500
    assert "secret detail" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


@pytest.mark.parametrize("sort", ["applied_at", "-applied_at", "name", "-name"])
def test_a_list_in_parts_has_everything_once_whatever_comes_in_between(
    merchant: Program, acme: Shop, sort: str
) -> None:
    names = [f"Vendor {number:02}" for number in range(7)]
    for number, name in enumerate(names):
        make_vendor(acme, name, f"v{number}@example.com")
    first = merchant.get(f"/vendors?sort={sort}&limit=3")
    make_vendor(acme, "Vendor 00 A", "early@example.com")
    make_vendor(acme, "Vendor 99", "late@example.com")
    found = [vendor["name"] for vendor in first["data"]]
    rest = merchant.list_all(f"/vendors?sort={sort}&limit=3&cursor={first['next_cursor']}")
    found += [vendor["name"] for vendor in rest]
    assert len(found) == len(set(found))
    assert set(names) <= set(found)


@pytest.mark.parametrize("values", ['"a\\u0000",1', f'"a",{2**63}', "1,1", "[" * 1300])
def test_a_cursor_whose_values_were_forged_is_none(merchant: Program, ada: Vendor, bea: Vendor, values: str) -> None:
    path = "/vendors?limit=1&sort=name"
    cursor = merchant.get(path)["next_cursor"]
    mark = base64.urlsafe_b64decode(cursor + "==").partition(b",")[0]
    forged = base64.urlsafe_b64encode(mark + f",{values}]".encode()).decode().rstrip("=")
    answer = merchant.ask("GET", f"{path}&cursor={forged}")
    assert answer.status_code == 422, answer.text
    assert "no cursor" in answer.text


def test_a_cursor_fits_its_own_filters_only(merchant: Program, ada: Vendor, bea: Vendor) -> None:
    cursor = merchant.get("/vendors?limit=1")["next_cursor"]
    assert merchant.ask("GET", f"/vendors?limit=1&sort=name&cursor={cursor}").status_code == 422
    assert merchant.ask("GET", f"/vendors?limit=2&cursor={cursor}").status_code == 200


def test_a_list_costs_the_same_statements_however_long_it_is(merchant: Program, acme: Shop) -> None:
    make_vendor(acme, "One", "one@example.com")
    merchant.get("/vendors")
    few = count_statements(merchant, "/vendors")
    for number in range(20):
        make_vendor(acme, f"More {number}", f"more{number}@example.com")
    assert count_statements(merchant, "/vendors") == few


def count_statements(program: Program, path: str) -> int:
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(db.get_engine(), "before_cursor_execute", note)
    try:
        program.get(path)
    finally:
        event.remove(db.get_engine(), "before_cursor_execute", note)
    return len(seen)


def test_what_has_not_changed_is_not_sent_again(merchant: Program, ada: Vendor) -> None:
    tag = merchant.ask("GET", f"/vendors/{ada.id}").headers["ETag"]
    assert merchant.ask("GET", f"/vendors/{ada.id}", If_None_Match=tag).status_code == 304


def test_the_same_key_does_the_thing_once(merchant: Program, ada: Vendor) -> None:
    first = merchant.post(f"/vendors/{ada.id}/suspend", {"reason": "Late"}, Idempotency_Key="k-1")
    again = merchant.post(f"/vendors/{ada.id}/suspend", {"reason": "Late"}, Idempotency_Key="k-1")
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["ETag"] == first.headers["ETag"]
    assert merchant.post(f"/vendors/{ada.id}/suspend", {"reason": "Late"}).status_code == 409
    assert count_suspensions() == 1


def test_the_repetition_of_what_has_no_answer_has_none_either(merchant: Program) -> None:
    made = merchant.post("/commission-rules", {"name": "R", "rate_bps": "1", "conditions": {"tags": ["t"]}})
    path = made.headers["Location"].removeprefix("/api/v1")
    first, again = (merchant.ask("DELETE", path, Idempotency_Key="k") for _ in range(2))
    assert (first.status_code, again.status_code) == (204, 204)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Content-Type" not in first.headers
    assert "Content-Type" not in again.headers


def test_a_key_is_good_for_one_request_only(merchant: Program, ada: Vendor) -> None:
    merchant.post(f"/vendors/{ada.id}/suspend", {"reason": "Late"}, Idempotency_Key="k-1")
    other = merchant.post(f"/vendors/{ada.id}/suspend", {"reason": "Rude"}, Idempotency_Key="k-1")
    assert other.status_code == 422
    assert "#problem-idempotency-key-reused" in other.text
    assert merchant.post(f"/vendors/{ada.id}/close", Idempotency_Key="a b").status_code == 422


def test_another_token_may_use_the_same_key(merchant: Program, rival: Program, ada: Vendor, cy: Vendor) -> None:
    assert merchant.post(f"/vendors/{ada.id}/close", Idempotency_Key="k").status_code == 200
    assert rival.post(f"/vendors/{cy.id}/close", Idempotency_Key="k").status_code == 200


def test_a_refusal_is_not_remembered(merchant: Program, ada: Vendor) -> None:
    """It changed nothing: once what stood in its way is gone, the same request may succeed."""
    assert merchant.post(f"/vendors/{ada.id}/reinstate", Idempotency_Key="k").status_code == 409
    with db.system() as session:
        session.execute(update(Vendor).values(status=VendorStatus.SUSPENDED))
    assert merchant.post(f"/vendors/{ada.id}/reinstate", Idempotency_Key="k").status_code == 200


@pytest.fixture
def other_answered(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """The first request holds its key until this is set, and commits then."""
    keep, answered = idempotency.keep_answer, threading.Event()

    def linger(session: Any, *rest: Any) -> None:
        keep(session, *rest)
        session.flush()
        answered.wait(60)

    monkeypatch.setattr(idempotency, "keep_answer", linger)
    return answered


def test_of_two_at_once_one_is_told_to_wait(merchant: Program, ada: Vendor, other_answered: threading.Event) -> None:
    def suspend(_: int) -> int:
        program = Program(merchant.client.application.test_client(), merchant.token)
        answer = program.post(f"/vendors/{ada.id}/suspend", {"reason": "Late"}, Idempotency_Key="k")
        other_answered.set()
        return answer.status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(suspend, range(2))) == [200, 409]
    assert count_suspensions() == 1


def test_killed_before_the_commit_the_repetition_does_it(
    merchant: Program, ada: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer is part of the transaction: neither it nor the work is left behind, and the key is free again."""
    with monkeypatch.context() as patched:
        patched.setattr("app.web.db.commit", _die)
        with pytest.raises(KeyboardInterrupt):
            merchant.post(f"/vendors/{ada.id}/suspend", {"reason": "Late"}, Idempotency_Key="k")
    assert count_suspensions() == 0
    again = merchant.post(f"/vendors/{ada.id}/suspend", {"reason": "Late"}, Idempotency_Key="k")
    assert again.status_code == 200
    assert "Idempotency-Replayed" not in again.headers
    assert count_suspensions() == 1


def test_answers_are_forgotten_after_a_day(merchant: Program, ada: Vendor) -> None:
    merchant.post(f"/vendors/{ada.id}/close", Idempotency_Key="k")
    assert idempotency.forget_old_answers() == 0
    with db.system() as session:
        session.execute(update(ApiAnswer).values(created_at=ApiAnswer.created_at - idempotency.KEPT))
    assert merchant.post(f"/vendors/{ada.id}/close", Idempotency_Key="k").status_code == 409
    assert idempotency.forget_old_answers() == 1


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def count_suspensions() -> int:
    with db.system() as session:
        return len(session.scalars(select(AuditEntry.id).where(AuditEntry.action == "vendor.suspend")).all())
