"""How calls to other systems are signed, which addresses they may go to, and when they are tried again.

The signature follows the Standard Webhooks specification, so that its ready-made libraries verify it.
"""

import base64
import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

TEST_KIND: Final = "Test"
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - what every secret begins with
SECRET_BYTES: Final = 32
PAUSES: Final = (
    timedelta(seconds=5),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
"""After each failed attempt; then nobody tries any more by themselves."""
GONE: Final = 410
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
_UNICAST: Final = ipaddress.IPv6Network("2000::/3")
"""All that was ever given out in the public internet; beside it are gateways of one's own network."""


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Header webhook-signature. `secret` as the receiver knows it, whsec_ and base64."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def encode_secret(key: bytes) -> str:
    return SECRET_PREFIX + base64.b64encode(key).decode()


def pause_after(attempts: int) -> timedelta | None:
    """How long to wait after so many failed attempts; None when it was the last."""
    return PAUSES[attempts - 1] if attempts <= len(PAUSES) else None


def forbidden_address(addresses: Sequence[str]) -> str | None:
    """The first address that is not out in the public internet, None when all are.

    A merchant's hand must not reach what stands beside us: databases, cloud metadata, other people's routers.
    """
    for address in addresses:
        found = ipaddress.ip_address(address.partition("%")[0])
        meant = _carried(found) if isinstance(found, ipaddress.IPv6Address) else found
        is_public = meant.is_global and not meant.is_multicast
        if not is_public or (isinstance(meant, ipaddress.IPv6Address) and meant not in _UNICAST):
            return address
    return None


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv6Address | ipaddress.IPv4Address:
    """The IPv4 address that a gateway on the way would make of it, or itself."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address
