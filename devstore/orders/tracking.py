"""Carriers, and where their numbers can be followed."""

from dataclasses import dataclass
from urllib.parse import quote

from devstore.store import Doc

_TRACKING_PAGES = {
    "Australia Post": "https://auspost.com.au/mypost/track/#/details/",
    "Canada Post": "https://www.canadapost-postescanada.ca/track-reperage/en#/resultList?searchFor=",
    "DHL Express": "https://www.dhl.com/en/express/tracking.html?AWB=",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr=",
    "La Poste": "https://www.laposte.fr/outils/suivre-vos-envois?code=",
    "PostNL": "https://jouw.postnl.nl/track-and-trace/",
    "Royal Mail": "https://www.royalmail.com/track-your-item#/tracking-results/",
    "UPS": "https://www.ups.com/track?tracknum=",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction_input?qtc_tLabels1=",
}
CARRIERS = tuple(_TRACKING_PAGES)


@dataclass(frozen=True)
class Tracking:
    """A carrier's name as Shopify lists it, its numbers, and addresses where they can be followed."""

    company: str | None = None
    numbers: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()

    def pages(self) -> list[str]:
        """The addresses given, else those known for the carrier."""
        page = _TRACKING_PAGES.get(self.company or "")
        return list(self.urls) or [page + quote(number, safe="") for number in self.numbers if page]

    def write_on(self, fulfillment: Doc) -> None:
        """Replace the fulfilment's tracking with this."""
        fulfillment["tracking_company"] = self.company
        fulfillment["tracking_numbers"] = list(self.numbers)
        fulfillment["tracking_urls"] = self.pages()
