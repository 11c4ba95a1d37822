"""Rows of the `railway` database: a made-up railway company and its trains across borders."""

from __future__ import annotations

import datetime
import random

# name, city, country
_STATIONS = [
    ("Zürich HB", "Zürich", "Switzerland"),
    ("Arth-Goldau", "Goldau", "Switzerland"),
    ("Göschenen", "Göschenen", "Switzerland"),
    ("Bellinzona", "Bellinzona", "Switzerland"),
    ("Chiasso", "Chiasso", "Switzerland"),
    ("Milano Centrale", "Milano", "Italy"),
    ("Basel SBB", "Basel", "Switzerland"),
    ("Mulhouse-Ville", "Mulhouse", "France"),
    ("Besançon Franche-Comté TGV", "Besançon", "France"),
    ("Lyon Part-Dieu", "Lyon", "France"),
    ("Kraków Główny", "Kraków", "Poland"),
    ("Częstochowa", "Częstochowa", "Poland"),
    ("Łódź Fabryczna", "Łódź", "Poland"),
    ("Warszawa Centralna", "Warszawa", "Poland"),
    ("東京", "東京", "Japan"),
    ("静岡", "静岡", "Japan"),
    ("名古屋", "名古屋", "Japan"),
    ("京都", "京都", "Japan"),
    ("新大阪", "大阪", "Japan"),
    ("Wien Hbf", "Wien", "Austria"),
    ("Linz/Donau", "Linz", "Austria"),
    ("Salzburg Hbf", "Salzburg", "Austria"),
    ("Ἀθῆναι", "Athina", "Greece"),
    ("L'Isle-Jourdain", "L'Isle-Jourdain", "France"),
    ("Neustadt", "Neustadt an der Aisch", "Germany"),
    ("Neustadt", "Neustadt (Sachsen)", "Germany"),
    ("Neustadt", "Neustadt an der Orla", "Germany"),
    ("Stadelhofen", "Zürich", "Switzerland"),
    ("Київ-Пасажирський", "Київ", "Ukraine"),
]
# name, operator, colour, station names in order
_LINES = [
    (
        "Gotthardlinie",
        "Alpenbahn",
        "red",
        ["Zürich HB", "Arth-Goldau", "Göschenen", "Bellinzona", "Chiasso", "Milano Centrale"],
    ),
    (
        "Ligne du Jura",
        "Alpenbahn",
        None,
        [
            "Zürich HB",
            "Basel SBB",
            "Mulhouse-Ville",
            "Besançon Franche-Comté TGV",
            "Lyon Part-Dieu",
        ],
    ),
    (
        "Kolej Środkowa",
        "Kolej Wisła",
        "green",
        ["Kraków Główny", "Częstochowa", "Łódź Fabryczna", "Warszawa Centralna"],
    ),
    ("東海道線", "東海鉄道", "orange", ["東京", "静岡", "名古屋", "京都", "新大阪"]),
    (
        "Westbahn",
        "Alpenbahn",
        "red",
        ["Wien Hbf", "Linz/Donau", "Salzburg Hbf", "Zürich HB", "Basel SBB"],
    ),
    (
        "Night Express",
        "Nachtzug AG",
        "blue",
        [
            "Warszawa Centralna",
            "Kraków Główny",
            "Wien Hbf",
            "Salzburg Hbf",
            "Bellinzona",
            "Milano Centrale",
        ],
    ),
]
_PASSENGERS = [
    "Zoë Brunner",
    "Luca D'Alessio",
    "Małgorzata Kowal",
    "田中 美咲",
    "Élodie Marchand",
    "Fatima El Amrani",
    "Seán O'Connell",
    "Оксана Шевчук",
    "José Peña",
    "Birgit Höß",
    "高橋 亮",
    "Νίκος Παππάς",
]
_CAUSES = [None, "signal failure", "signal failure", "snow", "track works", "late crew", "Snow"]
# Causes that never cost more than so many minutes.
_SHORT = {4: ["door fault"] * 3, 5: ["fallen leaves"] * 5, 6: ["cattle on the line"] * 5}
_REASONS = ["storm", "strike", "rolling stock", None]
_MINUTES = [-2, -2, -2, 0, 0, 0, 2, 4, 5, 5, 6, 6, 9, 14, 31, 60, 60]
_PRICES = [0, 0, 7.5, 12.25, 12.25, 19.9, 24.5, 39.75, 50, 50, 50.5, 88, 129.5]
_DATES = [
    "2024-02-28",
    "2024-02-29",
    "2024-03-01",
    "2024-03-03",
    "2024-03-15",
    "2024-03-31",
    "2024-04-01",
    "2024-04-07",
    "2024-12-31",
]

_Row = tuple[object, ...]


def _stations(rng: random.Random, variant: int) -> tuple[list[_Row], dict[str, int]]:
    served = {name for line in _LINES for name in line[3]}
    unserved = [place for place in _STATIONS if place[0] not in served]
    places = [place for place in _STATIONS if place[0] in served]
    places += unserved if variant in (0, 3) else rng.sample(unserved, 4)
    rows: list[_Row] = []
    for name, city, country in places:
        year = rng.choice([1846, 1858, 1872, 1882, 1899, 1900, 1911, 1964, 2013])
        opened = rng.choice([None, f"{year}-01-01", f"{year}-06-15", f"{year}-12-31"])
        if name in ("Kraków Główny", "Bellinzona", "京都"):
            opened = "1899-12-31" if name == "京都" else "1900-01-01"
        if name == "Neustadt":
            opened = "1878-10-15"
        rows.append(
            (
                len(rows) + 1,
                name,
                city,
                country,
                opened,
                rng.choice([1, 1, 2, 2, 4, 8, 16]),
                rng.choice([None, 0, 1, 1]),
            )
        )
    return rows, {str(row[1]): int(str(row[0])) for row in rows}


def _lines(
    rng: random.Random, ids: dict[str, int], namesakes: list[object], variant: int
) -> tuple[list[_Row], list[_Row], list[list[tuple[int, int]]]]:
    lines: list[_Row] = []
    stops: list[_Row] = []
    routes: list[list[tuple[int, int]]] = []
    lengths: list[list[int]] = []
    for number, (name, operator, colour, names) in enumerate(_LINES, 1):
        lines.append((number, name, operator, colour))
        if variant and number == 6:
            skipped = rng.choice(names[1:3])
            names = [station for station in names if station != skipped]
        km, route = 0, []
        if number != 5 or variant % 2 == 0:  # else the line is as long as the second
            legs = [rng.choice([28, 45, 60, 60, 75, 110, 110, 145]) for _ in names]
        else:
            legs = lengths[1][::-1]
        lengths.append(legs[: len(names) - 1])
        for place, station in enumerate(names):
            seq = place + 1
            if number == 4:
                seq = place * 10 + 1
            elif number == 5 and place > 2:
                seq = place + 2
            stops.append((number, seq, ids[station], km))
            route.append((ids[station], km))
            km += lengths[-1][place] if place < len(names) - 1 else 0
        routes.append(route)
    lines.append((7, "Museumsbahn", "Alpenbahn", None))
    if variant == 3:  # the line between the towns of one name
        for place, namesake in enumerate(namesakes):
            stops.append((7, place + 1, namesake, 24 * place))
    rng.shuffle(stops)
    return lines, [(key, *stop) for key, stop in enumerate(stops, 1)], routes


def _clock(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


def _trains(
    rng: random.Random, routes: list[list[tuple[int, int]]]
) -> tuple[list[_Row], list[_Row], list[list[int]]]:
    trains: list[_Row] = []
    stops: list[_Row] = []
    journeys: list[list[int]] = []
    for line, route in enumerate(routes, 1):
        for turn, direction in enumerate((1, -1, rng.choice([1, -1]))):
            number = len(trains) + 1
            category = "NJ" if line == 6 else rng.choice(["IC", "IC", "RE"])
            trains.append(
                (
                    number,
                    f"{category} {line}{number:02d}",
                    line,
                    category,
                    rng.choice([None, 180, 240, 240, 320, 460]),
                )
            )
            path = route[::direction]
            if category == "IC" and rng.random() < 0.6:
                path = [path[0], *path[2:]]
            if turn == 2 and line in (1, 3):  # begins or ends where no other train does
                path = path[1:] if line == 1 else path[:-1]
            start = (
                rng.choice([1200, 1275, 1335])
                if line == 6
                else rng.choice([359, 360, 412, 540, 541, 660, 905, 1080])
            )
            clock, before = start, path[0][1]
            for place, (station, km) in enumerate(path):
                clock += abs(km - before) * 2 // 3
                before = km
                if line == 6 and place == 2 and clock < 1440:
                    clock = 1431  # a stop over midnight
                arrival = _clock(clock) if place else None
                if place:
                    clock += 14 if clock == 1431 else rng.choice([1, 2, 2, 3, 9, 10, 10, 15])
                departure = _clock(clock) if place < len(path) - 1 else None
                stops.append(
                    (
                        number,
                        place + 1,
                        station,
                        arrival,
                        departure,
                        rng.choice([None, "1", "2", "3a", "12"]),
                    )
                )
            journeys.append([station for station, _ in path])
    trains.append((len(trains) + 1, "RE 799", 7, "RE", 96))
    return trains, stops, journeys


def _runs(rng: random.Random, trains: int) -> list[_Row]:
    rows: list[_Row] = []
    for train in range(1, trains - 1):  # the last but one never ran, the last has no timetable
        for day in sorted(rng.sample(_DATES, rng.choice([2, 3, 4, 4]))):
            cancelled = int(rng.random() < (0.0 if train % 4 == 0 else 0.3))
            rows.append(
                (len(rows) + 1, train, day, cancelled, rng.choice(_REASONS) if cancelled else None)
            )
    rows.append((len(rows) + 1, trains, "2024-05-01", 0, None))
    return rows


def _delays(rng: random.Random, runs: list[_Row], journeys: list[list[int]]) -> list[_Row]:
    rows: list[_Row] = []
    for run, train, _, cancelled, _ in runs[:-1]:
        length = len(journeys[int(str(train)) - 1])
        count = rng.choice([0, 1, 1]) if cancelled else rng.choice([0, 1, 2, 2, 3])
        for stop in sorted(rng.sample(range(1, length + 1), min(count, length))):
            minutes = rng.choice(_MINUTES)
            cause = rng.choice([*_CAUSES, *_SHORT.get(minutes, [])]) if minutes > 0 else None
            rows.append((run, stop, minutes, cause))
    rng.shuffle(rows)
    return [(number, *row) for number, row in enumerate(rows, 1)]


def _tickets(
    rng: random.Random, variant: int, runs: list[_Row], journeys: list[list[int]]
) -> list[_Row]:
    rows: list[_Row] = []
    sellable = rng.sample(runs[:-1], len(runs) - 6)
    regulars = ["ivan horvat", "Ivan Horvat", *rng.sample(_PASSENGERS, 7)]
    for _ in range(120):
        run = rng.choice(sellable)
        journey = journeys[int(str(run[1])) - 1]
        start, end = sorted(rng.sample(range(len(journey)), 2))
        price = rng.choice(_PRICES) if variant < 3 else rng.choice([0, 8, 12, 12, 25, 50, 88])
        if rng.random() < 0.05:
            price = -abs(price)
        sold = datetime.date.fromisoformat(str(run[2])) - datetime.timedelta(
            days=rng.choice([0, 0, 1, 7, 29, 30, 31])
        )
        passenger = rng.choice([None, *regulars])
        travel_class = {"Ivan Horvat": 1, "ivan horvat": 2}.get(str(passenger))
        rows.append(
            (
                len(rows) + 1,
                run[0],
                journey[start],
                journey[end],
                passenger,
                travel_class or rng.choice([1, 2, 2, 2]),
                price,
                f"{sold} {rng.randint(0, 23):02d}:{rng.choice(['05', '30', '59'])}:00",
            )
        )
        if rng.random() < 0.06:  # the same ticket sold twice
            rows.append((len(rows) + 1, *rows[-1][1:]))
    return rows


def fill(rng: random.Random, variant: int) -> dict[str, list[_Row]]:
    """Return the rows of every table of one filling, parents before children."""
    stations, ids = _stations(rng, variant)
    namesakes = [row[0] for row in stations if row[1] == "Neustadt"]
    lines, line_stops, routes = _lines(rng, ids, namesakes, variant)
    trains, stops, journeys = _trains(rng, routes)
    runs = _runs(rng, len(trains))
    return {
        "station": stations,
        "line": lines,
        "line stop": line_stops,
        "train": trains,
        "timetable_stop": stops,
        "train_run": runs,
        "delay": _delays(rng, runs, journeys),
        "ticket": _tickets(rng, variant, runs, journeys),
    }
