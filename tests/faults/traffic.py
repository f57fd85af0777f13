"""Shopify's side of a storm: signed webhooks, doubled and shuffled, each sent until it is answered 200."""

import heapq
import http.client
import itertools
import random
import threading
import time
from dataclasses import dataclass, field

from bench import orders, servers

LINES = 3
_SHUFFLE_WITHIN = 60
_PATIENCE_SECONDS = 5.0
_SENDERS = 6


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook as it is sent; a duplicate has the same event id and another webhook id."""

    topic: str
    event_id: str
    webhook_id: str
    body: bytes
    signature: str


@dataclass(frozen=True, slots=True)
class Answer:
    """When a request began and ended (monotonic seconds), and its status; 0 when there was no answer."""

    began: float
    ended: float
    status: int


@dataclass
class Storm:
    """`acknowledged` holds (topic, event id) of every webhook that was answered 200."""

    seed: int
    port: int
    per_second: float
    copies: int
    """How often a webhook is sent at most."""
    acknowledged: set[tuple[str, str]] = field(default_factory=set)
    answers: list[Answer] = field(default_factory=list)
    numbers: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)
        self._waiting: list[tuple[float, int, Delivery]] = []
        self._order = itertools.count()
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._pool: list[Delivery] = []
        self._next_at = time.monotonic()
        self._threads = [threading.Thread(target=self._send_all, daemon=True) for _ in range(_SENDERS)]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def finish(self, seconds: float = 60) -> int:
        """Make no new orders; send what is left. Returns how many were never answered 200."""
        self._ending.set()
        until = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.1, until - time.monotonic()))
        return len(self._waiting) + len(self._pool)

    def first_success_after(self, moment: float) -> float | None:
        """When the first request that began after `moment` was answered 200."""
        good = [one.ended for one in self.answers if one.began >= moment and one.status == 200]
        return min(good, default=None)

    def _send_all(self) -> None:
        connection: http.client.HTTPConnection | None = None
        while (delivery := self._take()) is not None:
            began = time.monotonic()
            status, connection = _post(connection, self.port, delivery)
            self.answers.append(Answer(began, time.monotonic(), status))
            with self._lock:
                if status == 200:
                    self.acknowledged.add((delivery.topic, delivery.event_id))
                else:
                    again = time.monotonic() + self._chance.uniform(0.2, 1.0)
                    heapq.heappush(self._waiting, (again, next(self._order), delivery))
        if connection is not None:
            connection.close()

    def _take(self) -> Delivery | None:
        """The next delivery in its time; None when all is said."""
        while True:
            with self._lock:
                now = time.monotonic()
                if self._waiting and self._waiting[0][0] <= now:
                    return heapq.heappop(self._waiting)[2]
                if self._ending.is_set():
                    if self._pool:
                        return self._pool.pop()
                    if not self._waiting:
                        return None
                elif self._next_at <= now:
                    self._next_at = max(self._next_at + 1 / self.per_second, now - 1)
                    return self._draw()
            time.sleep(0.005)

    def _draw(self) -> Delivery:
        """One of the next sixty, by chance."""
        while len(self._pool) < _SHUFFLE_WITHIN:
            self._pool += self._tell(self.numbers)
            self.numbers += 1
        at = self._chance.randrange(len(self._pool))
        self._pool[at], self._pool[-1] = self._pool[-1], self._pool[at]
        return self._pool.pop()

    def _tell(self, number: int) -> list[Delivery]:
        """What Shopify says of one order; often more than once."""
        news = [
            _deliver("orders/create", f"{number}-create", orders.order(number, LINES, paid=False)),
            _deliver("orders/paid", f"{number}-paid", orders.order(number, LINES, age_seconds=1)),
        ]
        if refunded := refunded_lines(number):
            body = orders.order(number, LINES, refunded=refunded, age_seconds=2)
            news.append(_deliver("refunds/create", f"{number}-refund", orders.refund(number, refunded)))
            news.append(_deliver("orders/updated", f"{number}-updated", body))
        return [_again(one, copy) for one in news for copy in range(self._chance.randint(1, self.copies))]


def refunded_lines(number: int) -> int:
    """Every fifth order loses a line again, every twenty-fifth all of them."""
    return (LINES if number % 25 == 0 else 1) if number % 5 == 0 else 0


def receipts_of(number: int) -> int:
    """What is left of an order's money in the end, in cents."""
    return orders.total_of(LINES) - refunded_lines(number) * (orders.PRICE + orders.PRICE_TAX)


def _deliver(topic: str, event_id: str, body: orders.Doc) -> Delivery:
    raw = orders.encode(body)
    return Delivery(topic, event_id, f"{event_id}-0", raw, orders.sign(servers.API_SECRET, raw))


def _again(one: Delivery, copy: int) -> Delivery:
    return Delivery(one.topic, one.event_id, f"{one.event_id}-{copy}", one.body, one.signature)


def _post(
    connection: http.client.HTTPConnection | None, port: int, delivery: Delivery
) -> tuple[int, http.client.HTTPConnection | None]:
    """The status, 0 without an answer; and the connection, if it may be used again."""
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": delivery.topic,
        "X-Shopify-Shop-Domain": servers.SHOP,
        "X-Shopify-Hmac-Sha256": delivery.signature,
        "X-Shopify-Webhook-Id": delivery.webhook_id,
        "X-Shopify-Event-Id": delivery.event_id,
        "X-Shopify-API-Version": "2026-10",
    }
    connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("POST", "/webhooks", delivery.body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        connection.close()
        return 0, None
    return answer.status, connection
