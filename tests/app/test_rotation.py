"""Changing SECRET_KEYS without losing what they keep."""

from dataclasses import replace

import pytest
from sqlalchemy import LargeBinary

from app import crypto, db, rotation
from app.config import get_config
from app.models.mapping import Model
from app.models.shops import Shop
from app.shopify.tokens import ShopCredentials

# Bytes that are no secret: hashes, bodies, files.
PLAIN = {
    ("api_answers", "body"),
    ("api_answers", "request_hash"),
    ("api_tokens", "token_hash"),
    ("inbox_events", "body"),
    ("login_factors", "credential_id"),
    ("login_factors", "public_key"),
    ("magic_links", "token_hash"),
    ("portal_sessions", "token_hash"),
    ("recovery_codes", "code_hash"),
    ("vendor_invitations", "token_hash"),
    ("vendor_pictures", "content"),
    ("vendors", "payout_waiting_hash"),
    ("visits", "token_hash"),
}


def test_every_column_of_bytes_is_rotated_or_known_to_be_no_secret() -> None:
    binary = {
        (table.name, column.name)
        for table in Model.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    listed = {(table, column) for table, columns in rotation.ENCRYPTED.items() for column in columns}
    assert binary - PLAIN == listed


def test_after_a_rotation_the_old_key_is_not_needed(
    connected: ShopCredentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = get_config().secret_keys
    both = replace(get_config(), secret_keys=("a-new-key", *old))
    monkeypatch.setattr("app.rotation.get_config", lambda: both)
    assert rotation.rotate_all() == 2
    with db.scoped(connected.shop_id) as session:
        token = session.get_one(Shop, connected.shop_id).access_token
    assert crypto.decrypt(token or b"", ["a-new-key"]) == "access-0"


def test_a_secret_under_a_lost_key_is_left_as_it_is(
    connected: ShopCredentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = replace(get_config(), secret_keys=("another-key",))
    monkeypatch.setattr("app.rotation.get_config", lambda: lost)
    with pytest.raises(ValueError, match="none of SECRET_KEYS"):
        rotation.rotate_all()
    with db.scoped(connected.shop_id) as session:
        token = session.get_one(Shop, connected.shop_id).access_token
    assert crypto.decrypt(token or b"", get_config().secret_keys) == "access-0"
