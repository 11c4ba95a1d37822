"""Rows of the festival database: an invented film festival in the last days of a February."""

from __future__ import annotations

import datetime
import random

_DIRECTORS = [
    ("Hélène Castaing", None, "France"),
    ("Takeshi Morikawa", "森川毅", "Japan"),
    ("Naoko Ishii", "石井直子", "Japan"),
    ("Olu Bankole", None, "Nigeria"),
    ("Signe Halvorsen", None, "Norway"),
    ("Ramón Echeverría", None, "Argentina"),
    ("Yasmin El Amrani", "ياسمين العمراني", "Morocco"),
    ("Pavel Druzhinin", "Павел Дружинин", "Georgia"),
    ("Fionnuala O'Shea", None, "Ireland"),
    ("Bruno Castaing", None, "Belgium"),
    ("Kim Seo-yeon", "김서연", "South Korea"),
    ("John Smith", None, "Canada"),
    ("John Smith", None, "United Kingdom"),
    ("Lucía Echeverría", None, None),
    ("Meera Krishnan", "மீரா கிருஷ்ணன்", "India"),
    ("Dimitra Vlachou", "Δήμητρα Βλάχου", "Greece"),
]
# Original title, English title, country, language; the first eleven are in every filling.
_FILMS = [
    ("La dernière marée", "The Last Tide", "France", "French"),
    ("夜の図書館", "Night Library", "Japan", "Japanese"),
    ("Harvest", None, "Nigeria", "English"),
    ("Snøblind", "Snowblind", "Norway", "Norwegian"),
    ("El turno de noche", "The Night Shift", "Argentina", "Spanish"),
    ("The Night Shift", None, "Canada", "English"),
    ("Le service de nuit", "The Night Shift", "Belgium", "French"),
    ("أرض الملح", "Land of Salt", "Morocco", "Arabic"),
    ("Solaris Motel", "Solaris Motel", "Canada", "English"),
    ("Поезд на юг", "Southbound", "Georgia", "Russian"),
    ("The Night Shift", None, "United Kingdom", "English"),
    ("Bean an Tí", "The Landlady", "Ireland", "Irish"),
    ("harvest", None, "United Kingdom", "English"),
    ("겨울 손님", "Winter Guest", "South Korea", "Korean"),
    ("Quatre murs", None, "France", "French"),
    ("Untitled No. 5", None, "Canada", "English"),
    ("வெயில் நாட்கள்", "Days of Sun", "India", "Tamil"),
    ("Το σπίτι στο λόφο", "The House on the Hill", "Greece", "Greek"),
    ("Otra vez lunes", "Monday Again", "Argentina", "Spanish"),
    ("Monday Again", None, "United Kingdom", "English"),
    ("帰郷", "Homecoming", "Japan", "Japanese"),
    ("Homecoming", "Homecoming", "Nigeria", "English"),
    ("L'orage", "The Storm", "Belgium", "French"),
    ("Isbjørnsommer", "Polar Bear Summer", "Norway", "Norwegian"),
    ("Mind the Gap", None, "United Kingdom", "English"),
    ("Don't Look Down", None, "Ireland", "English"),
    ("Barrio Norte", None, "Argentina", "Spanish"),
]
# Remake and earlier film, by title: chains up to three films long.
_REMAKES = [
    ("The Night Shift", "El turno de noche"),
    ("Le service de nuit", "The Night Shift"),
    ("harvest", "Harvest"),
    ("Solaris Motel", "夜の図書館"),
    ("Monday Again", "Otra vez lunes"),
    ("Homecoming", "帰郷"),
]
_VENUES = [
    ("Kino Central", "Basel", 12, 0),
    ("Stadtkino", "Basel", 40, 0),
    ("Rheinufer", "Basel", 290, 1),
    ("Cinéma Royal", "Mulhouse", 10, 0),
    ("Parc Salvator", "Mulhouse", 180, 1),
    ("Stadtkino", "Freiburg", 8, 0),
    ("Messehalle", "Freiburg", 320, 0),
    ("kino central", "Freiburg", 60, 0),
]
_JURY = [
    ("Agnieszka Wrona", "Poland"),
    ("Mamadou Diop", "Senegal"),
    ("Hiroko Abe", "Japan"),
    ("Patrick O'Malley", "Ireland"),
    ("Carmen Luz Vidal", "Chile"),
    ("Åsa Nyström", "Sweden"),
    ("Tariq Aziz Khan", "Pakistan"),
    ("Hiroko Abe", "Canada"),
    ("Élodie Marchand", "France"),
    ("Giorgi Beridze", "Georgia"),
]
_AWARDS = ["Grand Prix", "Jury Prize", "Best Debut", "Audience Award", "Critics' Choice"]
_MORE_AWARDS = ["Best Score", "Best Screenplay", "Youth Award", "Prix du public", "Green Lens"]
_SLOTS = [(10, 30), (14, 0), (17, 15), (20, 30), (22, 45)]


def _films(rng: random.Random, variant: int) -> list[tuple[object, ...]]:
    chosen = _FILMS[:11] + rng.sample(_FILMS[11:], rng.randint(12, 14))
    titles = {film[0] for film in chosen}
    earlier = {later: first for later, first in _REMAKES if later in titles and first in titles}
    quarter_limits = ["2023-10-01", "2023-09-30", "2023-12-31", "2024-01-01", "2024-02-29"]
    rows: list[tuple[object, ...]] = []
    for number, (title, english, country, language) in enumerate(chosen, 1):
        natives = [n for n, row in enumerate(_DIRECTORS, 1) if row[2] == country]
        director = rng.choice([*natives, *natives, rng.randint(1, len(_DIRECTORS))])
        partner: int | None = rng.choice([n for n in range(1, 17) if n != director])
        if rng.random() < 0.75:
            partner = None
        runtime: int | None = rng.choice([7, 24, 59, 61, 88, 95, 95, 105, 105, 119, 120, 121, 165])
        if number in (7, 15):
            runtime = rng.choice([None, 95, 60])
        if title == "Поезд на юг":
            # The only Georgian film is just long enough for a feature film, or just not.
            runtime = (60, 59, 88, 24)[variant]
        released = datetime.date(2023, 1, 1) + datetime.timedelta(rng.randint(0, 400))
        day = released.isoformat()
        if 12 <= number < 17:
            day = quarter_limits[number - 12]
        rows.append(
            (number, title, english, director, partner, country, language, runtime, day, None)
        )
    # Remakes come after the films they remake: by year, and here by number.
    order = sorted(rows, key=lambda row: _generation(str(row[1]), earlier))
    number_of: dict[object, int] = {}
    for number, row in enumerate(order, 1):
        number_of.setdefault(row[1], number)
    result: list[tuple[object, ...]] = []
    for number, row in enumerate(order, 1):
        title = str(row[1])
        original = number_of[earlier[title]] if title in earlier else None
        day = str(row[8])
        if title in set(earlier.values()):
            # The films that were remade are older, by eight years a generation.
            day = str(2004 + 8 * _generation(title, earlier)) + day[4:]
        result.append((number, *row[1:8], day, original))
    return result


def _generation(title: str, earlier: dict[str, str]) -> int:
    """How many films lie between a film and the first one of its chain of remakes."""
    return 1 + _generation(earlier[title], earlier) if title in earlier else 0


def _screenings(rng: random.Random, films: int) -> list[tuple[object, ...]]:
    shown = rng.sample(range(1, films + 1), films - 4)
    rows: list[tuple[object, ...]] = []
    for day in range(5):
        date = datetime.date(2024, 2, 27) + datetime.timedelta(day)
        for venue in range(1, 8):
            count = rng.choice([0, 1, 2, 2, 3])
            for hour, minute in sorted(rng.sample(_SLOTS, count)):
                starts = datetime.datetime(date.year, date.month, date.day, hour, minute)
                rows.append((rng.choice(shown), venue, starts.isoformat(" ")))
    # The children's morning in Lörrach, where tickets are symbolic.
    rows.append((rng.choice(shown), 10, "2024-03-02 10:30:00"))
    rng.shuffle(rows)
    return [(number, *row) for number, row in enumerate(rows, 1)]


def _tickets(
    rng: random.Random,
    screenings: list[tuple[object, ...]],
    venues: list[tuple[object, ...]],
    variant: int,
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    seats_of = {row[0]: int(str(row[3])) for row in venues}
    for screening_id, _, venue, starts in screenings:
        seats = seats_of[venue]
        if venue == 10:
            prices = [[1.0], [0.0], [1.0, 2.0], [0.0, 0.0]][variant]
            for paid in prices:
                category = {0.0: "press", 1.0: "reduced", 2.0: "full"}[paid]
                rows.append((len(rows) + 1, screening_id, category, "2024-03-01", paid))
            continue
        count = rng.choice([0, 1, 2, 3, 4, 5])
        if seats <= 12:
            count = rng.choice([0, 2, seats - 1, seats])
        price = rng.choice([9.5, 12.0, 12.0, 14.9])
        day = datetime.date.fromisoformat(str(starts)[:10])
        for _ in range(count):
            category = rng.choice(["full", "full", "full", "reduced", "reduced", "press"])
            paid = {"full": price, "reduced": round(price * 0.6, 2), "press": 0}[category]
            sold = day - datetime.timedelta(rng.choice([0, 0, 1, 1, 2, 3]))
            rows.append((len(rows) + 1, screening_id, category, sold.isoformat(), paid))
    large = {row[1]: row[0] for row in screenings if seats_of[row[2]] > 90}
    _add_late_sales(rows, screenings, large, variant)
    return rows


def _add_late_sales(
    rows: list[tuple[object, ...]],
    screenings: list[tuple[object, ...]],
    large: dict[object, object],
    variant: int,
) -> None:
    """Sells more in large venues, given by film, until two of the most popular films tie."""
    film_of = {row[0]: row[1] for row in screenings}
    paying = [film_of[row[1]] for row in rows if row[2] != "press"]
    ranking = sorted(set(paying), key=lambda film: (-paying.count(film), film))
    upper, lower = ((2, 3), (0, 1), (1, 2), (2, 3))[variant]
    follower = next(film for film in ranking[lower:] if film in large)
    for _ in range(paying.count(ranking[upper]) - paying.count(follower)):
        day = next(str(row[3])[:10] for row in screenings if row[0] == large[follower])
        rows.append((len(rows) + 1, large[follower], "full", day, 12.0))


def _ratings(
    rng: random.Random, films: int, members: int, variant: int
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    rated = rng.sample(range(1, films + 1), films - 5)
    level = {film: rng.choice([4, 5, 6, 7, 7.5, 8, 8]) for film in rated}
    best = rng.sample(rated, 2)
    top_score = rng.choice([9.5, 10])
    # One film with an outlier exactly two points below its average, one with two scores only,
    # and two with the same average.
    others = rng.sample([film for film in rated if film not in best], 4)
    outlier, scarce, *twins = others
    for member in range(1, members):
        for film in sorted(rng.sample(rated, len(rated) - rng.choice([3, 5, 8]))):
            score: float | None = level[film] + rng.choice([-3, -2, -1, -0.5, 0, 0, 0.5, 1, 2])
            if rng.random() < 0.1:
                score = None
            if film not in (*others, *best):
                rows.append((member, film, score))
    rows.extend((member, outlier, score) for member, score in ((1, 8), (2, 5), (3, 8), (4, None)))
    rows.extend((member, scarce, score) for member, score in ((2, 10), (4, 10), (5, None)))
    rows.extend(
        (member, film, score)
        for film, scores in zip(sorted(twins), ((9, 9, 9, 7), (8.5, 8, 9, 8.5)), strict=True)
        for member, score in zip((1, 2, 3, 5), scores, strict=True)
    )
    for film in best:
        last = top_score - 0.5 if variant == 2 else top_score
        rows.extend((member, film, s) for member, s in ((1, top_score), (3, top_score), (4, last)))
    rows.extend([(5, best[0], None), (5, best[1], top_score if variant % 2 else 8)])
    return rows


def fill(rng: random.Random, variant: int) -> dict[str, list[tuple[object, ...]]]:
    """Rows of every table, parents before children; `variant` 0 is the main filling."""
    directors: list[tuple[object, ...]] = []
    for number, (name, native, country) in enumerate(_DIRECTORS, 1):
        born = datetime.date(rng.randint(1941, 1979), rng.randint(1, 12), rng.randint(1, 28))
        birthday: str | None = None if rng.random() < 0.2 else born.isoformat()
        birthday = "1968-02-29" if number == 4 else birthday
        directors.append((number, name, native, country, birthday))
    films = _films(rng, variant)
    # Two small cinemas have as many seats as each other in half of the fillings.
    halls = [
        *_VENUES,
        ("Grand Palais", "Mulhouse", 300 - variant % 2, 0),
        ("Burghof", "Lörrach", 90, 0),
    ]
    venues: list[tuple[object, ...]] = [
        (number, name, city, 12 if variant % 2 and seats == 10 else seats, open_air)
        for number, (name, city, seats, open_air) in enumerate(halls, 1)
    ]
    screenings = _screenings(rng, len(films))
    jury: list[tuple[object, ...]] = []
    members = [*rng.sample(_JURY[:9], 6 + variant % 2), _JURY[9]]
    for number, (name, country) in enumerate(members, 1):
        joined = datetime.date(rng.randint(2016, 2023), rng.choice([1, 5, 9]), 1)
        edge = {2: "2020-01-01", 3: "2019-12-31", 4: "2018-05-01", 5: "2018-05-01"}
        jury.append((number, name, country, edge.get(number, joined.isoformat())))
    awards: list[tuple[object, ...]] = []
    for number, name in enumerate(_AWARDS + rng.sample(_MORE_AWARDS, 3), 1):
        winner = None if number in (3, 7) else rng.randint(1, len(films))
        if variant % 2:
            # Neither of the two John Smiths wins.
            others = [row[0] for row in films if row[3] not in (12, 13)]
            winner = None if winner is None else int(str(rng.choice(others)))
        prize = rng.choice([None, 1500, 2500.5, 5000, 5000, 20000])
        awards.append((number, name, winner, prize))
    return {
        "director": directors,
        "film": films,
        "venue": venues,
        "screening": screenings,
        "ticket": _tickets(rng, screenings, venues, variant),
        "jury member": jury,
        "rating": _ratings(rng, len(films), len(jury), variant),
        "award": awards,
    }
