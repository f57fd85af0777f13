"""Signatures that others can verify, and addresses that must not be called."""

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest

from app.hooks import rules


def test_a_signature_is_what_the_specification_says() -> None:
    """The example of standardwebhooks.com."""
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    found = rules.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_secret_is_a_key_in_base64() -> None:
    key = bytes(range(32))
    secret = rules.encode_secret(key)
    expected = hmac.digest(key, b"m.7.{}", hashlib.sha256)
    assert rules.signature(secret, "m", 7, b"{}") == "v1," + base64.b64encode(expected).decode()


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "192.168.0.1",
        "172.16.9.9",
        "169.254.169.254",
        "0.0.0.0",
        "100.64.0.1",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fc00::1",
        "::ffff:127.0.0.1",
        "::",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "::7f00:1",
        "2002:a9fe:a9fe::1",
    ],
)
def test_addresses_beside_us_are_not_called(address: str) -> None:
    assert rules.forbidden_address(["93.184.216.34", address]) == address


def test_public_addresses_are_called() -> None:
    assert rules.forbidden_address(["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"]) is None


def test_a_failing_call_is_tried_for_more_than_a_day_and_then_no_more() -> None:
    pauses = [rules.pause_after(attempt) for attempt in range(1, len(rules.PAUSES) + 1)]
    assert sum((pause for pause in pauses if pause), timedelta()) > timedelta(days=1)
    assert rules.pause_after(len(rules.PAUSES) + 1) is None
