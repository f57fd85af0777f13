"""The pages that e-mails lead to: proving an address, and stopping what one chose. Both want a click and no mere visit,
for programs that look through e-mails open every link.
"""

from flask import Blueprint, g, redirect, render_template
from flask.typing import ResponseReturnValue

from app.auth import letters
from app.auth import portal as portal_door
from app.mailings import queries, service
from app.mailings.service import TOPIC_WORDS

confirming = Blueprint("mail_confirmations", __name__, url_prefix="/letters/confirm")
letters.protect(confirming, service.CONFIRMING)
stopping = Blueprint("mail_stops", __name__, url_prefix="/letters/stop")
letters.protect(stopping, service.STOPPING, after_uninstall=True)


@confirming.get("/<ticket>")
def show_consent(ticket: str) -> ResponseReturnValue:
    proof, topics = queries.find_proof(g.session, g.subject)
    words = [TOPIC_WORDS[topic] for topic in topics]
    return _page("confirm.html", ticket=ticket, proof=proof, topics=words, replaced=service.REPLACED)


@confirming.post("/<ticket>")
def confirm(ticket: str) -> ResponseReturnValue:
    service.confirm(g.session, g.subject)
    return redirect(f"/letters/confirm/{ticket}", 303)


@confirming.post("/<ticket>/not-me")
def disown(ticket: str) -> ResponseReturnValue:
    service.disown(g.session, g.subject)
    return redirect(f"/letters/confirm/{ticket}", 303)


@stopping.get("/<ticket>")
def ask_to_stop(ticket: str) -> ResponseReturnValue:
    return _page("stop.html", ticket=ticket, done=False)


@stopping.post("/<ticket>")
def stop(ticket: str) -> ResponseReturnValue:
    """A person's click, or a mail program's (RFC 8058): the answer is the same for who is gone already."""
    service.stop(g.session, g.subject)
    return _page("stop.html", ticket=ticket, done=True)


def _page(name: str, **values: object) -> str:
    storefront = portal_door.storefront_of(g.shop)
    return render_template(f"letters/{name}", shop=g.shop, storefront=storefront, **values)
