"""Shopify at the network edge: answers what a test tells it to, and remembers what it was asked."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import httpx

Answer = httpx.Response | Exception | Callable[[dict[str, Any]], httpx.Response]


def data(**root: Any) -> httpx.Response:
    """A successful GraphQL answer with plenty of points left."""
    return httpx.Response(200, json={"data": root, "extensions": {"cost": cost()}})


def cost(requested: int = 10, actual: int = 10, available: float = 1990, rate: float = 100) -> dict[str, Any]:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": rate}
    return {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}


def throttled(requested: int, available: float, rate: float) -> httpx.Response:
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
    held = {**cost(requested, 0, available, rate), "actualQueryCost": None}
    return httpx.Response(200, json={"errors": [error], "extensions": {"cost": held}})


def list_of(nodes: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A list that ends on this page."""
    return {"nodes": list(nodes), "pageInfo": {"hasNextPage": False, "endCursor": None}}


class FakeShopify:
    """`answers[name]` are given in turn, the last one for ever; tokens are counted up."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = defaultdict(list)
        self.asked: list[tuple[str, dict[str, Any], str]] = []
        self.files: dict[str, Callable[[], httpx.Response]] = {}
        self.token_requests: list[dict[str, Any]] = []
        self.token_answers: list[httpx.Response] = []
        self.staff: dict[str, Any] = {"first_name": "Mona", "last_name": "Merchant", "account_owner": True}
        self.staff["email"] = "mona@acme.example"
        self.staff_answer: httpx.Response | None = None

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._handle))

    def answer(self, name: str, *answers: Answer) -> None:
        self.answers[name] = list(answers)

    def names(self) -> list[str]:
        return [name for name, _, _ in self.asked]

    def _handle(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return self.files[str(request.url)]()
        body = json.loads(request.content)
        if request.url.path.endswith("/admin/oauth/access_token"):
            self.token_requests.append(body)
            if "online" in body.get("requested_token_type", ""):
                return self._introduce()
            return self.token_answers.pop(0) if self.token_answers else self._new_pair()
        name = body["operationName"]
        self.asked.append((name, body["variables"], request.headers["X-Shopify-Access-Token"]))
        left = self.answers[name]
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(body) if callable(answer) else answer

    def _introduce(self) -> httpx.Response:
        """Whom the token is about comes with an online token."""
        self.token_requests.pop()
        if self.staff_answer:
            return self.staff_answer
        person = {"id": 42, **self.staff, "locale": "en", "email_verified": True, "collaborator": False}
        body = {"access_token": "online", "scope": "", "expires_in": 86399, "associated_user_scope": ""}
        return httpx.Response(200, json={**body, "associated_user": person})

    def _new_pair(self) -> httpx.Response:
        number = len(self.token_requests)
        return httpx.Response(
            200,
            json={
                "access_token": f"access-{number}",
                "scope": "read_products,write_products",
                "expires_in": 3600,
                "refresh_token": f"refresh-{number}",
                "refresh_token_expires_in": 90 * 86400,
            },
        )


def installable(fake: FakeShopify) -> FakeShopify:
    """A shop that has everything a first visit asks for."""
    profile = {"id": "gid://shopify/Shop/1", "name": "Acme", "email": "owner@acme.example"}
    fake.answer(
        "shop",
        data(
            shop={
                **profile,
                "currencyCode": "USD",
                "ianaTimezone": "Europe/Berlin",
                "primaryDomain": {"host": "shop.acme.example"},
            }
        ),
    )
    fake.answer("metaobjectDefinitionByType", data(metaobjectDefinitionByType=None))
    made = {"metaobjectDefinition": {"id": "gid://shopify/MetaobjectDefinition/9"}, "userErrors": []}
    fake.answer("metaobjectDefinitionCreate", data(metaobjectDefinitionCreate=made))
    fake.answer("metafieldDefinitions", data(metafieldDefinitions={"nodes": []}))
    fake.answer("metafieldDefinitionCreate", data(metafieldDefinitionCreate={"userErrors": []}))
    place = {"id": "gid://shopify/Location/1", "name": "Shed", "isActive": True, "fulfillsOnlineOrders": True}
    fake.answer("locations", data(locations=list_of([place])))
    online = {"id": "gid://shopify/Publication/1", "name": "Online Store"}
    fake.answer("publications", data(publications=list_of([online])))
    return fake
