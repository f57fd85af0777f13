"""What the steps of the story share: the town, the people in it, and what was noted on the way."""

import httpx

from demo.people import Customer, Merchant, Town, Vendor

DAY = 24 * 3600


class Story:
    """One telling. `run` makes its names unlike those of an earlier one in the same town."""

    def __init__(self, town: Town, run: str) -> None:
        self.town = town
        self.merchant = Merchant(town)
        self.ada_name = f"Ada's Ceramics {run}"
        self.bea_name = f"Bea's Bakery {run}"
        self.ada = Vendor(town, f"ada-{run}@example.com")
        self.bea = Vendor(town, f"bea-{run}@example.com")
        self.cleo = Customer(town, f"cleo-{run}@example.com", ("Cleo", "Parker"))
        self.mug_title = f"Harbour Mug {run}"
        self.loaf_title = f"Country Sourdough {run}"
        self.notes: dict[str, str] = {}
        self._clock = self.read_clock()

    def read_clock(self) -> int:
        """Seconds by which the town's clock is ahead of the machine's."""
        return int(self.town.control("GET", "health")["clock_offset_seconds"])

    def pass_days(self, days: float) -> None:
        """Let time pass for everybody: the store and the app read the same moved clock."""
        self.town.move_clock(self.read_clock() + int(days * DAY))

    def restore_clock(self) -> None:
        try:
            self.town.move_clock(self._clock)
        except httpx.HTTPError:
            return
