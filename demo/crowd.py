"""What a well-kept demo has not, and pages must bear: long names, many rows, debts, and somebody who has just begun."""

from collections.abc import Callable

from demo.people import Merchant, Town, Vendor, signed_in, wait_for, wait_for_mail

SELLER, BEGINNER = "ada@example.com", "ines@example.com"
LONG_NAME = "Wolfgang-Amadeus Schwarzenberger & Töchter, Kunsttöpferei am Vierwaldstättersee"
LONG_TITLE = "Handgedrehte Steinzeug-Suppenschüssel mit Deckel, salzglasiert, für zwölf Personen und ihre Gäste"
_LONG_MAIL = "wolfgang-amadeus.schwarzenberger-von-und-zu-lichtenstein@example.com"
_APPLICANTS = 30
"""More than stand on a page of notices, fewer than the form takes in ten minutes."""


def gather(town: Town, say: Callable[[str], None]) -> bool:
    """Fill the running demo up, once; False when they are all here already."""
    merchant = Merchant(town)
    if "Applicant 1 " in merchant.open("/app/vendors?q=Applicant").text:
        return False
    say("Filling the shop up with long names, many rows and debts ...")
    _begin(town)
    for number in range(1, _APPLICANTS + 1):
        person = Vendor(town, f"applicant{number}@example.com")
        person.apply(name=f"Applicant {number} of many", contact_name="A. N. Other", what_they_sell="Soap. " * number)
    _let_in_at_length(town, merchant)
    _ask_and_invite(merchant)
    _owe(merchant)
    ada = signed_in(town, SELLER)
    ada.open("/portal/codes/new").submit(having="name", name="Saturday market, stall 14", destination="vendor")
    ada.open("/portal/staff").submit(having="email", email=_LONG_MAIL, person_name="Wolfgang", role="orders")
    return True


def _begin(town: Town) -> None:
    """Ines may sell at Zenith since this minute, and has done nothing yet."""
    Vendor(town, BEGINNER, "zenith").apply(name="Ines's Inks", contact_name="Ines", what_they_sell="Ink.")
    rival = Merchant(town, "zenith")
    wait_for("Ines to decide on", lambda: rival.open("/app/vendors").follow("Ines's Inks")).submit(to="/approve")


def _let_in_at_length(town: Town, merchant: Merchant) -> None:
    vendor = Vendor(town, _LONG_MAIL)
    vendor.apply(
        name=LONG_NAME,
        contact_name="Wolfgang-Amadeus Schwarzenberger von und zu Lichtenstein",
        location="Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch, Anglesey",
        tagline="Salzglasiertes Steinzeug aus dem Holzofen, jedes Stück von Hand gedreht und einzeln gebrannt",
        what_they_sell="Suppenschüsseln. " * 40,
    )
    found = wait_for("the long name", lambda: merchant.open("/app/vendors?q=Wolfgang").follow("Wolfgang"))
    found.submit(to="/approve")
    vendor.enter(wait_for_mail(town, _LONG_MAIL, "You can start selling"))
    sizes = {f"Größe {size}, mit Untersetzer aus Eichenholz": (f"{size}234.50", 12345) for size in range(1, 9)}
    product = vendor.create_product(LONG_TITLE, "Schwer. " * 200, sizes, "Fassungsvermögen und Untersetzer")
    vendor.create_product(f"{LONG_TITLE} (II)", "", {"": ("0.01", 0)})
    vendor.open(f"/portal/products/{product}")


def _ask_and_invite(merchant: Merchant) -> None:
    page = "/app/settings/questions"
    merchant.open(page).submit(having="label", label="Trade licence", kind="file", is_required="y")
    choices = "Hamburg\nBremen\nSomewhere else altogether, which I shall explain in a letter"
    merchant.open(page).submit(having="label", label="Where are you registered?", kind="choice", choices=choices)
    addresses = "\n".join(f"Maker {number} <maker{number}@example.com>" for number in range(1, 13))
    merchant.open("/app/vendors/invitations").submit(having="addresses", addresses=addresses, note="Join us.")


def _owe(merchant: Merchant) -> None:
    """Ada's oldest order comes back after it was paid out: her balance is below nothing."""
    admin = merchant.admin
    orders = merchant.open("/app/orders?q=&sort=oldest")
    name = next(name for name in ("#1002", "#1003", "#1004") if name in orders.text)
    form = admin.open(admin.open(admin.open("/store/acme/orders").link(name)).link("Refund"))
    numbers = [str(tag["name"]) for tag in form.soup.find_all("s-number-field") if "Quantity of" in str(tag["label"])]
    form.submit(having=numbers[0], note="Broken in the parcel", **dict.fromkeys(numbers, "1"))
