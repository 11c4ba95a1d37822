"""Words that people use for columns, tables and comparisons, beyond what the schema calls them."""

from __future__ import annotations

# What a column or table is also called, by its last words.
SYNONYMS = {
    "population": ("number of people", "number of inhabitants", "population size"),
    "country": ("nation",),
    "nationality": ("country of origin",),
    "salary": ("pay", "wage"),
    "address": ("location",),
    "cost": ("price",),
    "price": ("cost",),
    "hometown": ("home town",),
    "capacity": ("number of seats",),
    "gender": ("sex",),
    "sex": ("gender",),
    "phone number": ("phone", "telephone number"),
    "phone": ("phone number",),
    "email": ("email address",),
    "first name": ("given name", "forename"),
    "last name": ("surname", "family name"),
    "description": ("details",),
    "movie": ("film",),
    "film": ("movie",),
    "employee": ("worker", "staff member"),
    "student": ("pupil",),
    "company": ("firm",),
    "car": ("vehicle",),
    "shop": ("store",),
    "store": ("shop",),
    "job": ("position",),
    "instructor": ("teacher",),
    "date of birth": ("birthday", "birth date"),
}

PEOPLE = frozenset(
    """
    person people singer student teacher player employee customer artist author driver member
    staff faculty instructor professor advisor manager director actor actress user worker
    guest patient physician doctor nurse pilot owner editor journalist candidate voter
    politician coach swimmer athlete wrestler climber rider entrepreneur architect scientist
    tourist visitor host participant applicant client writer lawyer engineer perpetrator
    assistant musician gymnast performer supplier individual agent judge friend resident
    """.split()  # noqa: SIM905
)

PLACES = frozenset(
    ("country", "city", "state", "nation", "nationality", "hometown", "county", "town", "region",
     "continent")
)  # fmt: skip

# By a column's last word: comparing up and down, the superlatives up and down.
ADJECTIVES = {
    "age": (("older than",), ("younger than",), ("oldest",), ("youngest",)),
    "price": ((), (), ("most expensive",), ("cheapest", "least expensive")),
    "cost": ((), (), ("most expensive", "most costly"), ("cheapest",)),
    "height": (("taller than",), ("shorter than",), ("tallest",), ("shortest",)),
    "length": (("longer than",), ("shorter than",), ("longest",), ("shortest",)),
    "duration": (("longer than",), ("shorter than",), ("longest",), ("shortest",)),
    "weight": (("heavier than",), ("lighter than",), ("heaviest",), ("lightest",)),
    "area": (("larger than",), ("smaller than",), ("largest",), ("smallest",)),
    "population": ((), (), ("most populous",), ("least populous",)),
    "salary": ((), (), ("best paid", "highest paid"), ("lowest paid",)),
}

AGGREGATES = {
    "avg": ("average", "average", "mean"),
    "max": ("maximum", "highest", "largest"),
    "min": ("minimum", "lowest", "smallest"),
    "sum": ("total", "sum of the"),
}

COMPARISONS = {
    ">": ("more than", "greater than", "over", "above", "higher than", "larger than"),
    "<": ("less than", "below", "under", "lower than", "smaller than"),
    ">=": ("at least", "no less than", "greater than or equal to"),
    "<=": ("at most", "no more than", "less than or equal to"),
}
TIMES = {
    ">": ("after", "later than"),
    "<": ("before", "earlier than"),
    ">=": ("in or after", "not before"),
    "<=": ("in or before", "not after"),
}
BOUNDS = {
    ">": ("more than {}", "over {}"),
    ">=": ("at least {}", "{} or more", "no fewer than {}"),
    "<": ("fewer than {}", "less than {}"),
    "=": ("exactly {}",),
}
NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
REQUESTS = (
    "Show", "List", "Find", "Give", "Give me", "Return", "Tell me", "Display", "Please show me"
)  # fmt: skip
