"""The two keys that demo.json hands to scripts: one for the app's own API, one for Shopify's."""

import re

from demo.browser import LOCAL
from demo.people import Merchant, Town
from demo.place import SHOPS, Place

_SECRET = re.compile(r"sk_shop_[\w-]{20,}")
_SCOPE = re.compile(r'<s-choice value="([a-z_]+:[a-z]+)"')


def read_api_token(place: Place, town: Town) -> str:
    """A merchant's token of Acme for /api/v1 that may do everything; made once by the page for it, then kept.

    Empty until the app is installed.
    """
    kept = place.data / "api-token"
    if kept.exists():
        return kept.read_text()
    mona = Merchant(town)
    if not mona.headers():
        return ""
    scopes = sorted(set(_SCOPE.findall(mona.open("/app/api").html)))
    wanted = {"name": "demo.json", "lifetime": "", "scopes": scopes}
    answer = mona.client.post("/app/api", data=wanted, headers=mona.headers())
    found = _SECRET.search(answer.raise_for_status().text)
    if found is None:
        return ""
    kept.touch(mode=0o600)
    kept.write_text(found.group())
    return found.group()


def read_admin_token(place: Place) -> str:
    """An Admin API token of Acme for scripts, got as the app gets its own; empty until the app is installed."""
    store = place.url("devstore")
    answer = LOCAL.post(f"{store}/store/acme/apps/stallkeeper/id_token", timeout=10)
    if answer.status_code != 200:
        return ""
    exchanged = LOCAL.post(
        f"{store}/shops/{SHOPS['acme']}/admin/oauth/access_token",
        json={
            "client_id": place.keys["api_key"],
            "client_secret": place.keys["api_secret"],
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token": answer.json()["id_token"],
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
            "requested_token_type": "urn:shopify:params:oauth:token-type:offline-access-token",
            "expiring": "1",
        },
        timeout=10,
    )
    return str(exchanged.raise_for_status().json()["access_token"])
