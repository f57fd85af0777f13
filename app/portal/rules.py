"""What a vendor should do now, and what is left of starting up. Pure: counts and yes-or-no in, sentences out."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Facts:
    """What the home page knows of a vendor."""

    status: str
    terms_accepted: bool | None
    """None: the shop has no terms."""
    has_profile: bool
    has_payout_details: bool
    orders_to_ship: int
    days_waiting: int
    """How long the oldest of them has waited."""
    changes_requested: int
    drafts: int
    in_review: int
    published: int
    sold_out: int

    @property
    def has_product(self) -> bool:
        """Whether a product was ever handed in."""
        return bool(self.in_review or self.published or self.changes_requested)


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do: a sentence, why it matters, and the button that starts it."""

    sentence: str
    why: str
    button: str
    href: str
    icon: str


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the start-up checklist."""

    done: bool
    title: str
    text: str
    href: str


def choose_task(facts: Facts, opens: Callable[[str], bool]) -> Task | None:
    """The most pressing thing to do, or None: what waits for a customer first, then money, then what sells.

    `opens` says whether the person's role opens an address: nobody is sent to a page that turns them away.
    """
    candidates = (*_list_duties(facts), *_list_openings(facts))
    return next((task for needed, task in candidates if needed and opens(task.href)), None)


def _list_duties(facts: Facts) -> list[tuple[bool, Task]]:
    orders, changes = _count(facts.orders_to_ship, "order"), _count(facts.changes_requested, "product")
    return [
        (
            facts.orders_to_ship > 0,
            Task(
                f"{orders} to ship",
                _waited(facts.days_waiting),
                "Ship orders",
                "/portal/orders?status=waiting",
                "truck",
            ),
        ),
        (
            facts.terms_accepted is False,
            Task(
                "Read and accept the terms",
                "They say how selling here works.",
                "Read the terms",
                "/portal/terms",
                "file-text",
            ),
        ),
        (
            facts.changes_requested > 0,
            Task(
                f"{changes} {'needs' if facts.changes_requested == 1 else 'need'} a change",
                "The shop asked for it before it goes on sale.",
                "See what to change",
                "/portal/products?status=changes_requested",
                "pencil",
            ),
        ),
        (
            not facts.has_payout_details,
            Task(
                "Say where your money should go",
                "Without a bank account we cannot pay you.",
                "Add payout details",
                "/portal/payout-details",
                "landmark",
            ),
        ),
    ]


def _list_openings(facts: Facts) -> list[tuple[bool, Task]]:
    sold_out = _count(facts.sold_out, "product")
    return [
        (
            not facts.has_profile,
            Task(
                "Tell customers who you are",
                "Your page in the shop shows it beside your products.",
                "Write your profile",
                "/portal/profile",
                "user",
            ),
        ),
        (
            not facts.has_product and facts.drafts > 0,
            Task(
                "Finish your first product",
                "It is saved as a draft. Customers see it once the shop agrees.",
                "Go on",
                "/portal/products?status=draft",
                "package",
            ),
        ),
        (
            not facts.has_product,
            Task(
                "Add your first product",
                "A title, a price and a picture are enough to begin.",
                "Add product",
                "/portal/products/new",
                "plus",
            ),
        ),
        (
            facts.sold_out > 0,
            Task(
                f"{sold_out} {'is' if facts.sold_out == 1 else 'are'} sold out",
                "Customers see this but cannot buy.",
                "Update stock",
                "/portal/products?status=published",
                "package",
            ),
        ),
    ]


def list_steps(facts: Facts, opens: Callable[[str], bool]) -> list[Step]:
    """The start-up checklist in the order that makes sense, as far as it is theirs to do; empty when all is done."""
    steps = [
        Step(bool(facts.terms_accepted), "Accept the terms", "How selling here works.", "/portal/terms"),
        Step(
            facts.has_profile, "Write your public profile", "A sentence and a few words about you.", "/portal/profile"
        ),
        Step(
            facts.has_payout_details,
            "Add your payout details",
            "The bank account for your earnings.",
            "/portal/payout-details",
        ),
        Step(
            facts.has_product,
            "Hand in your first product",
            "The shop looks at it, then it goes on sale.",
            "/portal/products/new",
        ),
    ]
    asked = steps if facts.terms_accepted is not None else steps[1:]
    left = [step for step in asked if opens(step.href)]
    return [] if all(step.done for step in left) else left


def _waited(days: int) -> str:
    return f"Paid, and the oldest has waited {_count(days, 'day')}." if days else "Your customers have paid."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
