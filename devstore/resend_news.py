"""What the mail service tells the app about a mail, as a signed webhook (Svix's scheme, as Resend uses it)."""

import base64
import hashlib
import hmac
import json
import logging
import re
import threading
import time
import uuid
from collections.abc import Mapping

import httpx

from devstore.config import Config
from devstore.store import Doc

FATES = {
    "delivered": "Delivered",
    "bounced": "Bounced",
    "complained": "Marked as unwanted",
}
_PATH = "/hooks/resend"
_RECEIVED_PATH = "/hooks/received"
_ONE_CLICK = "List-Unsubscribe=One-Click"
_PAUSES_SECONDS = (0.2, 5, 30)
_log = logging.getLogger(__name__)


def fate_of(mail: Doc) -> str:
    """Mailboxes whose name begins with bounce or complain do so, as Resend's own test addresses."""
    name = str(mail["to"][0]).rpartition("<")[2]
    return next((fate for fate in ("bounced", "complained") if name.startswith(fate.removesuffix("d"))), "delivered")


def tell(config: Config, mail: Doc, fate: str, moment: str) -> None:
    """Send the news from a thread of its own, three times at most. Does nothing without a secret."""
    if config.resend_secret:
        body = json.dumps(news(mail, fate, moment)).encode()
        _start(config, _PATH, body)


def tell_of_answer(config: Config, received: Doc) -> None:
    """That a mail came in, without its words: the app asks for those. Does nothing without a secret."""
    if config.resend_secret:
        names = ("email_id", "created_at", "from", "to", "subject")
        data = {**{name: received[name] for name in names}, "cc": [], "bcc": [], "attachments": []}
        body = json.dumps({"type": "email.received", "created_at": received["created_at"], "data": data}).encode()
        _start(config, _RECEIVED_PATH, body)


def stop_address(mail: Doc) -> str | None:
    """Where one call stops more mails like this one; None unless its headers say so as RFC 8058 wants it."""
    headers: Mapping[str, str] = mail["sent"].get("headers") or {}
    found = re.search(r"<(https?://[^<>\s]+)>", headers.get("List-Unsubscribe", ""))
    return found[1] if found and headers.get("List-Unsubscribe-Post") == _ONE_CLICK else None


def unsubscribe(address: str) -> bool:
    """As a mail provider's computers do. Returns whether it was taken; a redirect is no answer (RFC 8058)."""
    name, _, value = _ONE_CLICK.partition("=")
    try:
        return httpx.post(address, data={name: value}, timeout=5).is_success
    except httpx.HTTPError as error:
        _log.info("The app did not take the unsubscription: %s", error)
        return False


def _start(config: Config, path: str, body: bytes) -> None:
    threading.Thread(target=_send, args=(config, path, body), daemon=True, name="resend-news").start()


def news(mail: Doc, fate: str, moment: str) -> Doc:
    """The webhook's body."""
    sent: Mapping[str, object] = mail["sent"]
    data = {
        "email_id": mail["email_id"],
        "created_at": mail["created_at"],
        "from": mail["from"],
        "to": mail["to"],
        "subject": mail["subject"],
        "tags": sent.get("tags", []),
    }
    if fate == "bounced":
        data["bounce"] = {
            "type": "Permanent",
            "subType": "General",
            "message": "550 5.1.1 The mailbox does not exist.",
        }
    return {"type": f"email.{fate}", "created_at": moment, "data": data}


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The three headers of a webhook."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256)
    return {
        "svix-id": message_id,
        "svix-timestamp": str(timestamp),
        "svix-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def _send(config: Config, path: str, body: bytes) -> None:
    message_id = f"msg_{uuid.uuid4().hex}"
    for pause in _PAUSES_SECONDS:
        time.sleep(pause)
        headers = sign(config.resend_secret, message_id, int(time.time()), body) | {"Content-Type": "application/json"}
        try:
            if httpx.post(config.absolute(path), content=body, headers=headers, timeout=5).is_success:
                return
        except httpx.HTTPError as error:
            _log.info("The app did not take the mail's news: %s", error)
