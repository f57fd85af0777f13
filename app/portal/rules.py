"""What a vendor should do now, and what is left of starting up. Pure: counts and yes-or-no in, sentences out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.languages import _, ngettext


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
    taken_down: int = 0
    """Products that the shop keeps off sale."""
    questions_open: int | None = None
    """Answers that the shop waits for; None: it asks nothing."""
    new_messages: int = 0
    """Orders with messages of the customer's that nobody has read."""
    message_part: int = 0
    """One of them: the part's id."""
    customer_questions: int = 0
    """Questions of customers that have no answer yet."""
    words_replaced: int = 0
    """Fields of the public page that the shop's staff wrote anew, and the vendor has not looked at."""
    is_collected: bool = False
    """Whether the shop collects and sends: then orders are to be packed, not shipped."""

    @property
    def has_product(self) -> bool:
        """Whether a product was ever handed in."""
        return bool(self.in_review or self.published or self.changes_requested or self.taken_down)


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


def list_tasks(facts: Facts, opens: Callable[[str], bool]) -> list[Task]:
    """What there is to do: what waits for a customer first, then money, then what sells.

    `opens` says whether the person's role opens an address: nobody is sent to a page that turns them away.
    """
    candidates = (*_list_duties(facts), *_list_openings(facts))
    return [task for needed, task in candidates if needed and opens(task.href)]


def list_later(tasks: Sequence[Task], steps: Sequence[Step]) -> list[Task]:
    """What comes after the first task, but for what the checklist asks for already."""
    asked = {step.href for step in steps if not step.done}
    return [task for task in tasks[1:] if task.href not in asked]


def _list_duties(facts: Facts) -> list[tuple[bool, Task]]:
    return [
        (
            facts.orders_to_ship > 0,
            _orders_task(facts),
        ),
        *_list_answers(facts),
        *_list_papers(facts),
        (
            facts.words_replaced > 0,
            Task(
                _("The shop changed your page"),
                _("Customers read its words now. Yours are kept for 30 days."),
                _("See what changed"),
                "/portal/profile",
                "user",
            ),
        ),
        *_list_sent_back(facts),
        (
            not facts.has_payout_details,
            Task(
                _("Say where your money should go"),
                _("Without a bank account we cannot pay you."),
                _("Add payout details"),
                "/portal/payout-details",
                "landmark",
            ),
        ),
    ]


def _orders_task(facts: Facts) -> Task:
    waited, href = _waited(facts.days_waiting), "/portal/orders?status=waiting"
    if facts.is_collected:
        words = ngettext("%(num)s order to pack", "%(num)s orders to pack", facts.orders_to_ship)
        return Task(words, waited, _("Pack orders"), href, "package")
    words = ngettext("%(num)s order to ship", "%(num)s orders to ship", facts.orders_to_ship)
    return Task(words, waited, _("Ship orders"), href, "truck")


def _list_answers(facts: Facts) -> list[tuple[bool, Task]]:
    why = _("A customer waits for your answer.")
    messages, questions = facts.new_messages, facts.customer_questions
    return [
        (
            messages > 0,
            Task(
                ngettext("%(num)s order with a new message", "%(num)s orders with new messages", messages),
                why,
                ngettext("Read the message", "Read the messages", messages),
                f"/portal/orders/{facts.message_part}/messages"
                if messages == 1
                else "/portal/orders/messages?show=unread",
                "mail",
            ),
        ),
        (
            questions > 0,
            Task(
                ngettext(
                    "%(num)s question of a customer to answer", "%(num)s questions of customers to answer", questions
                ),
                why,
                _("Answer now"),
                "/portal/customer-questions?show=open",
                "message-circle-question-mark",
            ),
        ),
    ]


def _list_sent_back(facts: Facts) -> list[tuple[bool, Task]]:
    """Products that the shop wants changed, before they are sold or to be sold again."""
    return [
        (
            facts.taken_down > 0,
            Task(
                ngettext(
                    "%(num)s product was taken off sale", "%(num)s products were taken off sale", facts.taken_down
                ),
                _("The shop says why, and puts it back when that is mended."),
                _("See why"),
                "/portal/products?status=taken_down",
                "pencil",
            ),
        ),
        (
            facts.changes_requested > 0,
            Task(
                ngettext("%(num)s product needs a change", "%(num)s products need a change", facts.changes_requested),
                _("The shop asked for it before it goes on sale."),
                _("See what to change"),
                "/portal/products?status=changes_requested",
                "pencil",
            ),
        ),
    ]


def _list_papers(facts: Facts) -> list[tuple[bool, Task]]:
    questions = facts.questions_open or 0
    return [
        (
            facts.terms_accepted is False,
            Task(
                _("Read and accept the terms"),
                _("They say how selling here works."),
                _("Read the terms"),
                "/portal/terms",
                "file-text",
            ),
        ),
        (
            bool(facts.questions_open),
            Task(
                ngettext(
                    "%(num)s question of the shop to answer", "%(num)s questions of the shop to answer", questions
                ),
                _("Answers and documents are for the shop alone."),
                _("Answer now"),
                "/portal/questions",
                "file-text",
            ),
        ),
    ]


def _list_openings(facts: Facts) -> list[tuple[bool, Task]]:
    return [
        (
            not facts.has_profile,
            Task(
                _("Tell customers who you are"),
                _("Your page in the shop shows it beside your products."),
                _("Write your profile"),
                "/portal/profile",
                "user",
            ),
        ),
        *_list_goods(facts),
    ]


def _list_goods(facts: Facts) -> list[tuple[bool, Task]]:
    return [
        (
            not facts.has_product and facts.drafts > 0,
            Task(
                _("Finish your first product"),
                _("It is saved as a draft. Customers see it once the shop agrees."),
                _("Go on"),
                "/portal/products?status=draft",
                "package",
            ),
        ),
        (
            not facts.has_product and not facts.drafts,
            Task(
                _("Add your first product"),
                _("A title, a price and a picture are enough to begin."),
                _("Add product"),
                "/portal/products/new",
                "plus",
            ),
        ),
        (
            facts.sold_out > 0,
            Task(
                ngettext("%(num)s product is sold out", "%(num)s products are sold out", facts.sold_out),
                _("Customers see this but cannot buy."),
                _("Update stock"),
                "/portal/products?status=published",
                "package",
            ),
        ),
    ]


def list_steps(facts: Facts, opens: Callable[[str], bool]) -> list[Step]:
    """The start-up checklist in the order that makes sense, as far as it is theirs to do; empty when all is done."""
    steps = [
        Step(bool(facts.terms_accepted), _("Accept the terms"), _("How selling here works."), "/portal/terms"),
        Step(
            facts.has_profile,
            _("Write your public profile"),
            _("A sentence and a few words about you."),
            "/portal/profile",
        ),
        Step(
            facts.has_payout_details,
            _("Add your payout details"),
            _("The bank account for your earnings."),
            "/portal/payout-details",
        ),
        Step(
            facts.has_product,
            _("Hand in your first product"),
            _("The shop looks at it, then it goes on sale."),
            "/portal/products?status=draft" if facts.drafts else "/portal/products/new",
        ),
    ]
    asked = steps if facts.terms_accepted is not None else steps[1:]
    if facts.questions_open is not None:
        text = _("Answers and documents, for the shop alone.")
        asked.insert(0, Step(not facts.questions_open, _("Answer the shop's questions"), text, "/portal/questions"))
    left = [step for step in asked if opens(step.href)]
    return [] if all(step.done for step in left) else left


def _waited(days: int) -> str:
    return (
        ngettext("Paid, and the oldest has waited %(num)s day.", "Paid, and the oldest has waited %(num)s days.", days)
        if days
        else _("Your customers have paid.")
    )
