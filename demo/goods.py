"""Who sells what at Acme: the people, their stalls and their goods, as they will type them in."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Good:
    """A product: `picture` is (kind, glazes) for demo/pictures.py; at most one option, a price for each value."""

    title: str
    about: str
    picture: tuple[str, tuple[str, ...]]
    prices: tuple[str, ...]
    stock: int
    option: str = ""
    values: tuple[str, ...] = ()
    ending: str = "published"
    """What becomes of it: published, in_review, changes_requested, draft."""


@dataclass(frozen=True)
class Stall:
    """A vendor; `ending` is approved, pending or rejected."""

    name: str
    email: str
    contact: str
    town: str
    tagline: str
    sells: str
    about: str
    ending: str = "approved"
    iban: str = ""
    goods: tuple[Good, ...] = field(default=())


STALLS = (
    Stall(
        "Ada's Ceramics",
        "ada@example.com",
        "Ada Larsen",
        "Portland, Oregon",
        "Stoneware thrown and glazed by hand",
        "Mugs, bowls and vases in stoneware, thrown and glazed in my studio.",
        "I learned to throw in a shed behind my grandmother's house, and never found a reason to stop.\n\n"
        "Everything is stoneware, fired twice, and safe for the dishwasher.",
        iban="DE89370400440532013000",
        goods=(
            Good(
                "Harbour Mug",
                "A mug for the first coffee of the day. Holds 350 ml.",
                ("mug", ("sea", "clay", "moss")),
                ("24.00", "24.00", "26.00"),
                40,
                "Glaze",
                ("Sea", "Clay", "Moss"),
            ),
            Good(
                "Ramen Bowl",
                "Wide and deep, with a foot that is kind to the table.",
                ("bowl", ("moss", "ink")),
                ("38.00", "38.00"),
                22,
                "Glaze",
                ("Moss", "Ink"),
            ),
            Good("Tall Vase", "For branches rather than bouquets. 32 cm high.", ("vase", ("sea",)), ("72.00",), 9),
            Good(
                "Supper Plate",
                "27 cm, speckled, stacks neatly.",
                ("plate", ("ink", "cream")),
                ("32.00", "32.00"),
                30,
                "Glaze",
                ("Ink", "Cream"),
            ),
            Good("Bud Vase", "For one stem.", ("vase", ("rose",)), ("34.00",), 14, ending="in_review"),
        ),
    ),
    Stall(
        "Bea's Bakery",
        "bea@example.com",
        "Bea Moreau",
        "Astoria, Oregon",
        "Slow bread, sent while it is fresh",
        "Sourdough loaves, honey and jam that keep well in the post.",
        "We bake on Tuesdays and Fridays and send the same day.",
        iban="FR1420041010050500013M02606",
        goods=(
            Good("Country Sourdough", "Two days in the making. About 900 g.", ("loaf", ("wheat",)), ("9.50",), 60),
            Good("Seeded Rye", "Dark, dense, keeps for a week.", ("loaf", ("clay",)), ("11.00",), 45),
            Good(
                "Wildflower Honey",
                "From hives behind the bakery.",
                ("jar", ("honey",)),
                ("8.00", "14.50"),
                50,
                "Size",
                ("250 g", "500 g"),
            ),
            Good(
                "Plum Jam",
                "Plums, a little sugar, nothing else.",
                ("jar", ("plum",)),
                ("7.25",),
                36,
                ending="in_review",
            ),
        ),
    ),
    Stall(
        "Dov's Woodwork",
        "dov@example.com",
        "Dov Adler",
        "Eugene, Oregon",
        "Boards and spoons from windfall trees",
        "Chopping boards and small things from trees that fell by themselves.",
        "Every board is oiled three times and has a twin somewhere.",
        iban="NL91ABNA0417164300",
        goods=(
            Good(
                "Maple Board",
                "Bread on one side, cheese on the other.",
                ("board", ("wheat",)),
                ("48.00", "64.00"),
                18,
                "Size",
                ("Small", "Large"),
            ),
            Good("Walnut Board", "Dark walnut with a live edge.", ("board", ("clay",)), ("86.00",), 7),
        ),
    ),
    Stall(
        "Elif Textiles",
        "elif@example.com",
        "Elif Demir",
        "Seattle, Washington",
        "Woven on a loom older than I am",
        "Scarves and throws woven from local wool.",
        "Natural dyes, so no two are quite the same.",
        goods=(
            Good(
                "Striped Scarf",
                "Merino and a little silk. 180 cm.",
                ("scarf", ("honey", "plum", "moss")),
                ("58.00", "58.00", "58.00"),
                16,
                "Colour",
                ("Honey", "Plum", "Moss"),
            ),
            Good(
                "Lap Throw",
                "For one person and a cat.",
                ("scarf", ("sea",)),
                ("120.00",),
                6,
                ending="changes_requested",
            ),
        ),
    ),
    Stall(
        "Finn's Candles",
        "finn@example.com",
        "Finn Walsh",
        "Bend, Oregon",
        "Beeswax, slowly",
        "Beeswax candles, dipped by hand.",
        "Three sizes, one scent: none.",
        ending="pending",
    ),
    Stall(
        "Gus Gadgets",
        "gus@example.com",
        "Gus Gray",
        "Reno, Nevada",
        "Everything with a plug",
        "Phone cases and chargers, resold.",
        "Wholesale prices.",
        ending="rejected",
    ),
)

CATEGORIES = {
    "Harbour Mug": ("hg-11-10-5-5", "Mugs"),
    "Ramen Bowl": ("hg-11-10-4-1", "Bowls"),
    "Supper Plate": ("hg-11-10-4-3", "Plates"),
    "Tall Vase": ("hg-3-67", "Vases"),
    "Bud Vase": ("hg-3-67", "Vases"),
    "Country Sourdough": ("fb-2-1-3", "Breads & Buns"),
    "Seeded Rye": ("fb-2-1-3", "Breads & Buns"),
    "Wildflower Honey": ("fb-2-4-6", "Honey"),
    "Plum Jam": ("fb-2-7-6", "Jams & Jellies"),
    "Maple Board": ("hg-11-8-21", "Cutting Boards"),
    "Walnut Board": ("hg-11-8-21", "Cutting Boards"),
    "Striped Scarf": ("aa-2-26", "Scarves & Shawls"),
}
"""Title → code and name in Shopify's taxonomy, as a vendor picks it from a list."""
CUSTOMERS = (
    ("cleo@example.com", ("Cleo", "Parker")),
    ("dan@example.com", ("Dan", "Okafor")),
    ("eve@example.com", ("Eve", "Nakamura")),
    ("flo@example.com", ("Flo", "Berg")),
    ("hal@example.com", ("Hal", "Quinn")),
)
