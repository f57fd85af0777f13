"""Secrets open with the right key only, and a ticket opens one door, for a while."""

import pytest

from app import crypto

OLD, NEW = "an-old-key", "a-new-key"


def test_a_secret_opens_with_any_of_the_keys_and_moves_to_the_newest() -> None:
    blob = crypto.encrypt("shpat_1", [OLD])
    assert crypto.decrypt(blob, [NEW, OLD]) == "shpat_1"
    moved = crypto.rotate(blob, [NEW, OLD])
    assert crypto.decrypt(moved, [NEW]) == "shpat_1"
    with pytest.raises(ValueError, match="none of SECRET_KEYS"):
        crypto.decrypt(blob, [NEW])


def test_a_ticket_says_what_was_signed() -> None:
    ticket = crypto.sign_ticket({"vendor": 7}, [NEW], "portal", seconds=60)
    claims = crypto.read_ticket(ticket, [NEW], "portal")
    assert claims is not None
    assert claims["vendor"] == 7


def test_a_ticket_of_before_the_rotation_still_opens() -> None:
    ticket = crypto.sign_ticket({}, [OLD], "portal", seconds=60)
    assert crypto.read_ticket(ticket, [NEW, OLD], "portal") is not None


@pytest.mark.parametrize("purpose", ["live", "portal "])
def test_a_ticket_of_another_door_opens_nothing(purpose: str) -> None:
    ticket = crypto.sign_ticket({}, [NEW], "portal", seconds=60)
    assert crypto.read_ticket(ticket, [NEW], purpose) is None


@pytest.mark.parametrize("forged", ["", ".", "abc", "e30.AAAA", "é.é", "e30." + "A" * 43])
def test_a_forged_ticket_opens_nothing(forged: str) -> None:
    assert crypto.read_ticket(forged, [NEW], "portal") is None


def test_a_ticket_has_one_spelling() -> None:
    """Who may use a ticket once must not use it again by writing its signature in another way."""
    ticket = crypto.sign_ticket({}, [NEW], "passkey-challenge", seconds=60)
    same_bits = chr(ord(ticket[-1]) + 1)  # the last of 43 letters carries two bits that mean nothing
    for other in (f"{ticket}=", ticket[:-1] + same_bits):
        assert crypto.read_ticket(other, [NEW], "passkey-challenge") is None


def test_a_ticket_runs_out() -> None:
    ticket = crypto.sign_ticket({}, [NEW], "portal", seconds=-1)
    assert crypto.read_ticket(ticket, [NEW], "portal") is None


def test_a_token_is_kept_as_its_hash_only() -> None:
    token = crypto.new_token()
    assert token.encode() not in crypto.hash_token(token)
    assert crypto.hash_token(token) == crypto.hash_token(token) != crypto.hash_token(crypto.new_token())
