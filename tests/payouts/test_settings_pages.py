"""The payout settings by their real door: each field, each mistake beside it, each provider's answer to the keys."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from app import db
from app.commissions.queries import get_settings
from app.commissions.schedules import say_schedule
from app.config import get_config
from app.crypto import decrypt
from app.models.events import AuditEntry
from app.models.payouts import PayoutSettings, RailKeys, RailName
from app.models.shops import Shop
from app.payouts import queries, settings
from tests.architecture.polaris import lint_polaris
from tests.payouts.conftest import KEYS, Providers
from tests.shops.test_settings import browser as browser  # noqa: PLC0414 - the fixture

PAGE = "/app/payouts/settings"
IBAN, OTHER = "DE89 3704 0044 0532 0130 00", "FR1420041010050500013M02606"
GOOD: dict[str, dict[str, Any]] = {
    "payer": {"name": "Acme Ltd", "iban": IBAN, "bic": "COBADEFFXXX"},
    "schedule": {"schedule": "monthly", "weekday": "1", "month_day": "28"},
}


def audited(shop: Shop) -> list[str]:
    with db.scoped(shop.id) as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.mark.parametrize(
    ("form", "changes", "words"),
    [
        ("payer", {"name": ""}, "Enter the name on your bank account."),
        ("payer", {"name": "x" * 71}, "cannot be longer than 70"),
        ("payer", {"name": "株式会社"}, "Bank files have Latin letters only."),
        ("payer", {"iban": ""}, "This is no valid IBAN."),
        ("payer", {"iban": "DE89370400440532013001"}, "This is no valid IBAN."),
        ("payer", {"iban": "4111 1111 1111 1111"}, "This is no valid IBAN."),
        ("payer", {"bic": "COBA"}, "This is no valid BIC."),
        ("schedule", {"schedule": "daily"}, "Not a valid choice"),
        ("schedule", {"schedule": "weekly", "weekday": "8"}, "Not a valid choice"),
        ("schedule", {"month_day": "29"}, "Enter a day from 1 to 28"),
        ("schedule", {"month_day": "0"}, "Enter a day from 1 to 28"),
        ("schedule", {"month_day": ""}, "Enter a day from 1 to 28"),
        ("schedule", {"month_day": "first"}, "Enter a whole number, in digits"),
        ("paypal", {"client_id": "", "client_secret": "x"}, "Enter the client ID."),
        ("paypal", {"client_id": "x", "client_secret": " "}, "Enter the secret."),
        ("paypal", {"client_id": "x" * 201, "client_secret": "x"}, "cannot be longer than 200"),
        ("stripe", {"secret_key": ""}, "Enter the secret key."),
        ("stripe", {"secret_key": "pk_live_123"}, "The publishable key (pk_) cannot send money."),
    ],
)
def test_a_mistake_stands_beside_its_field_and_nothing_is_saved(
    browser: FlaskClient, acme: Shop, form: str, changes: dict[str, str], words: str
) -> None:
    refused = browser.post(f"{PAGE}/{form}", data=GOOD.get(form, {}) | changes)
    assert refused.status_code == 422
    assert f'error="{words}' in refused.text or words in refused.text.split('error="', 1)[1]
    assert lint_polaris(refused.text) == []
    with db.scoped(acme.id) as session:
        assert get_settings(session, acme.id).payer_iban is None
        assert session.get(PayoutSettings, acme.id) is None
        assert session.scalars(select(RailKeys)).all() == []


def test_the_account_that_pays_is_kept_encrypted_and_an_empty_iban_keeps_it(browser: FlaskClient, acme: Shop) -> None:
    saved = browser.post(f"{PAGE}/payer", data=GOOD["payer"])
    assert saved.status_code == 200
    assert "•••• 3000" in saved.text
    assert "DE8937" not in saved.text
    browser.post(f"{PAGE}/payer", data={"name": "Acme GmbH", "iban": "", "bic": ""})
    with db.scoped(acme.id) as session:
        held = get_settings(session, acme.id)
        assert held.payer_iban is not None
        assert b"DE89" not in held.payer_iban
        assert decrypt(held.payer_iban, get_config().secret_keys) == "DE89370400440532013000"
        assert (held.payer_name, held.payer_bic) == ("Acme GmbH", "")
    browser.post(f"{PAGE}/payer", data={"name": "Acme GmbH", "iban": OTHER, "bic": ""})
    assert "•••• 2606" in browser.get(PAGE).text
    assert audited(acme).count("payer_account.change") == 3


@pytest.mark.parametrize(
    ("chosen", "day", "next_day"),
    [
        ({"schedule": "weekly", "weekday": "5", "month_day": ""}, 5, True),
        ({"schedule": "fortnightly", "weekday": "7", "month_day": "31"}, 7, True),
        ({"schedule": "monthly", "weekday": "1", "month_day": "28"}, 28, True),
        ({"schedule": "manual", "weekday": "1", "month_day": ""}, 1, False),
    ],
)
def test_a_schedule_is_kept_and_says_when_it_comes_next(
    browser: FlaskClient, acme: Shop, chosen: dict[str, str], day: int, *, next_day: bool
) -> None:
    saved = browser.post(f"{PAGE}/schedule", data=chosen)
    assert saved.status_code == 200
    assert ("Next: " in saved.text) == next_day
    with db.scoped(acme.id) as session:
        held = queries.find_settings(session, acme.id)
        assert (held.schedule, held.schedule_day) == (chosen["schedule"], day)
        noted = session.scalars(select(AuditEntry.changes).where(AuditEntry.action == "payout_schedule.change")).one()
    assert noted == {"schedule": [say_schedule("manual", 1), say_schedule(chosen["schedule"], day)]}


@pytest.mark.parametrize("rail", [RailName.PAYPAL, RailName.STRIPE])
def test_keys_are_kept_when_the_provider_took_them_shown_in_part_and_removed(
    browser: FlaskClient, acme: Shop, providers: Providers, rail: RailName
) -> None:
    saved = browser.post(f"{PAGE}/{rail}", data=KEYS[rail])
    assert saved.status_code == 200
    assert lint_polaris(saved.text) == []
    secret = list(KEYS[rail].values())[-1]
    assert secret not in saved.text
    assert "Offered to vendors" in saved.text
    with db.scoped(acme.id) as session:
        assert settings.find_keys(session, acme.id, rail) == KEYS[rail]
        assert rail in queries.list_rails(session, acme.id)
    assert browser.post(f"{PAGE}/offer/{rail}/no").status_code == 200
    with db.scoped(acme.id) as session:
        assert rail not in queries.list_rails(session, acme.id)
    assert browser.post(f"{PAGE}/offer/{rail}/yes").status_code == 200
    assert browser.post(f"{PAGE}/{rail}/remove").status_code == 200
    assert browser.post(f"{PAGE}/offer/{rail}/yes").status_code == 404, "without keys it is not offered"
    with db.scoped(acme.id) as session:
        assert settings.find_keys(session, acme.id, rail) == {}
        assert queries.list_rails(session, acme.id) == [RailName.BANK]


@pytest.mark.parametrize("kind", ["unauthorized", "timeout"])
@pytest.mark.parametrize("rail", [RailName.PAYPAL, RailName.STRIPE])
def test_keys_that_the_provider_does_not_take_are_not_kept(
    browser: FlaskClient, acme: Shop, providers: Providers, rail: RailName, kind: str
) -> None:
    wrong = {"paypal": {"client_id": "nobody", "client_secret": "wrong"}, "stripe": {"secret_key": "sk_test_wrong"}}
    if kind == "timeout":
        providers.fail_next(rail, "error", 5)
    refused = browser.post(f"{PAGE}/{rail}", data=wrong[rail] if kind == "unauthorized" else KEYS[rail])
    assert refused.status_code == 422
    assert 'error="' in refused.text
    assert ("Nothing was saved: try again" in refused.text) == (kind == "timeout")
    with db.scoped(acme.id) as session:
        assert session.scalars(select(RailKeys)).all() == []


@pytest.mark.parametrize(
    "path", ["cheque", "bank", "cheque/remove", "offer/cheque/yes", "offer/bank/maybe", "offer/paypal/yes"]
)
def test_what_there_is_not_is_not_found(browser: FlaskClient, path: str) -> None:
    assert browser.post(f"{PAGE}/{path}").status_code == 404


def test_a_rival_shops_settings_stay_their_own(browser: FlaskClient, acme: Shop, zenith: Shop) -> None:
    browser.post(f"{PAGE}/payer", data=GOOD["payer"])
    browser.post(f"{PAGE}/schedule", data=GOOD["schedule"])
    with db.scoped(zenith.id) as session:
        assert get_settings(session, zenith.id).payer_iban is None
        assert session.scalars(select(PayoutSettings)).all() == []
