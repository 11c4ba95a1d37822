"""Rows of the `weather` database: a small international network of weather stations."""

from __future__ import annotations

import datetime
import random

# name, country, latitude, longitude, elevation, opened, winter mean, summer mean (by month)
_FIRST = [
    ("Zürich-Fluntern", "Switzerland", 47.38, 8.57, 556, "1949-03-01", 1.0, 19.0),
    ("Tromsø", "Norway", 69.65, 18.94, 100, "1920-07-01", -5.0, 12.0),
    ("札幌", "Japan", 43.06, 141.33, 17, "1876-09-01", -4.0, 21.0),
    ("Säntis", "Switzerland", 47.25, 9.34, 2502, "1882-09-01", -8.0, 5.0),
    ("Якутск", "Russia", 62.02, 129.72, 101, "1829-01-01", -36.0, 19.0),
    ("Bergen", "Norway", 60.38, 5.33, 12, "1904-01-01", 2.0, 15.0),
    ("São Joaquim", "Brazil", -28.28, -49.93, 1400, "1955-08-10", 17.0, 9.0),
]
_MORE = [
    ("Bergen", "Germany", 52.81, 9.93, 69, "1952-05-01", 1.0, 18.0),
    ("L'Aquila", "Italy", 42.35, 13.40, 714, "1972-02-29", 2.0, 22.0),
    ("Łódź-Lublinek", "Poland", 51.72, 19.40, 184, "1930-06-15", -2.0, 19.0),
    ("Reykjavík", "Iceland", 64.13, -21.90, 52, "1920-01-01", 0.0, 11.0),
    ("Ушкуйка", "Russia", 58.20, 56.10, 161, "1961-11-04", -14.0, 18.0),
    ("القاهرة", "Egypt", 30.06, 31.25, 23, "1904-10-01", 14.0, 28.0),
    ("Ιωάννινα", "Greece", 39.67, 20.85, 484, "1956-04-12", 5.0, 24.0),
    ("Ushuaia", "Argentina", -54.84, -68.30, 14, "1931-01-01", 9.0, 1.0),
    ("부산", "South Korea", 35.10, 129.03, 69, "1904-04-09", 4.0, 24.0),
    ("Saint-Véran", "France", 44.70, 6.87, 2040, "1988-09-30", -4.0, 13.0),
    ("Sodankylä", "Finland", 67.37, 26.63, 179, "1908-01-01", -13.0, 14.0),
]
# The eighth and ninth station of each filling: a second Bergen, and places around the equator.
_TWIN = ("Bergen", "Norway", 60.38, 5.41, 48, "1955-10-02", 2.0, 15.0)
_EQUATOR = [
    ("Macapá", "Brazil", 0.03, -51.05, 14, "1968-03-12", 26.0, 28.0),
    ("Quito", "Ecuador", -0.22, -78.51, 2850, "1891-07-01", 14.0, 15.0),
    ("Mitad del Mundo", "Ecuador", 0.0, -78.46, 2483, "1982-08-09", 14.0, 15.0),
]
_CLOSED = [
    ("Vardø", "Norway", 70.37, 31.10, 14, "1829-10-20", "1998-12-31"),
    ("Finse", "Norway", 60.59, 7.52, 1224, "1969-08-01", "2005-06-30"),
    ("Inari-Väylä", "Finland", 69.05, 27.02, 123, "1960-09-01", "2011-10-31"),
    ("Großer Arber", "Germany", 49.11, 13.13, 1446, "1982-12-01", "2019-02-28"),
]
_TECHNICIANS = [
    ("Ingrid Solheim", "Norway"),
    ("Marco D'Angelo", "Italy"),
    ("Jürg Zbinden", "Switzerland"),
    ("佐藤 健", "Japan"),
    ("Олег Семёнов", "Russia"),
    ("Ana Luísa Prado", "Brazil"),
    ("Katarzyna Wójcik", "Poland"),
    ("Sinéad O'Hara", "Ireland"),
    ("김민준", "South Korea"),
    ("Anna Berg", "Norway"),
    ("Anna Berg", "Germany"),
    ("Hélène Giraud", "France"),
]
_KINDS = ["thermometer", "barometer", "anemometer", "rain gauge", "hygrometer", "pyranometer"]
_MAKERS = ["Aoki Seiki", "Thielmann", "Nordlys Instruments", "Cerrado Sensores", "aoki seiki"]
_REMARKS = [
    None,
    None,
    "cable chewed by a fox",
    "recalibrated",
    "nid d'oiseau enlevé",
    "Reinigung",
    "spare part on order",
    "結露あり",
    "bird's nest removed",
]
_RAIN = [0.0, 0.0, 0.0, 0.0, 0.2, 0.9, 1.0, 1.0, 1.1, 2.4, 5.0, 10.0, 20.0, 20.1, 35.6]
_GUSTS = [4.5, 7.0, 9.5, 12.0, 15.5, 17.2, 17.2, 20.0, 24.5, 28.0, 32.7]
_PRESSURES = [
    978.4,
    985.0,
    989.9,
    990.0,
    990.0,
    995.5,
    999.9,
    1000.0,
    1000.1,
    1004.0,
    1008.5,
    1013.2,
    1013.2,
    1019.0,
    1025.5,
    1034.0,
    1041.5,
]
_BLOCKS = [
    ("2022-12-29", 6),
    ("2023-04-29", 3),
    ("2023-07-10", 4),
    ("2023-10-30", 2),
    ("2024-02-27", 5),
    ("2024-05-30", 3),
    ("2024-07-29", 4),
]


def _stations(rng: random.Random, variant: int) -> list[tuple[object, ...]]:
    others = rng.sample(_MORE[1:], 3)
    pairs = [[_MORE[0]], [_EQUATOR[0]], [_MORE[0], _EQUATOR[1]], [_TWIN, _EQUATOR[2]]]
    chosen = _FIRST + pairs[variant] + others
    rows: list[tuple[object, ...]] = []
    for number, station in enumerate(chosen, 1):
        name, country, latitude, longitude, elevation, opened = station[:6]
        reference = rng.choice([None, *range(1, number)]) if number > 1 else None
        if number in (2, 3, 4):  # the chain of Säntis, the fourth station
            reference = number - 1 if variant == 0 else rng.choice([number - 1, 1])
        surveyed = None if number > 4 and rng.random() < 0.15 else elevation
        rows.append((number, name, country, latitude, longitude, surveyed, opened, None, reference))
    for place in rng.sample(_CLOSED, 3):
        name, country, latitude, longitude, elevation, opened, closed = place
        rows.append(
            (
                len(rows) + 1,
                name,
                country,
                latitude,
                longitude,
                elevation,
                opened,
                closed,
                rng.choice([None, 2, len(rows)]),
            )
        )
    if variant % 2 == 0:
        rows.append(
            (len(rows) + 1, "Kilpisjärvi", "Finland", 69.05, 20.79, 480, "2024-09-02", None, 2)
        )
    else:
        rows.append((len(rows) + 1, "Røst", "Norway", 67.51, 12.09, 4, "2024-10-15", None, None))
    return rows


def _days(rng: random.Random, variant: int) -> list[datetime.date]:
    days = []
    for start, length in _BLOCKS:
        first = datetime.date.fromisoformat(start)
        if variant:
            first += datetime.timedelta(days=rng.choice([-1, 0, 0, 1]))
        days += [first + datetime.timedelta(days=offset) for offset in range(length)]
    return days


def _observation(
    rng: random.Random, day: datetime.date, winter: float, summer: float
) -> list[object]:
    month_share = {
        1: 0.0,
        2: 0.1,
        3: 0.2,
        4: 0.4,
        5: 0.7,
        6: 0.9,
        7: 1.0,
        8: 0.95,
        10: 0.5,
        11: 0.35,
        12: 0.1,
    }
    base = winter + (summer - winter) * month_share[day.month]
    mean = round(base) + rng.choice([-7.5, -5, -3, -1.5, -1, 0, 0, 0.5, 1.5, 3, 4.5, 8])
    low = mean - rng.choice([1, 1.5, 3, 3, 4.5, 6, 8.5])
    high = round(mean + rng.choice([1, 2, 2.1, 3.4, 5, 5, 7.6]), 1)
    if abs(low) < 1.2:
        low = min(mean, rng.choice([0.0, -0.5]))
    if abs(high) < 1.2:
        high = max(mean, rng.choice([0.0, -0.5]))
    rain = rng.choice(_RAIN)
    cold = mean < 1.5
    fresh = rng.choice([0, 0, 1, 3, 8, 15]) if cold and rain > 0 else 0
    depth = rng.choice([0, 0, 2, 10, 25, 25, 60, 140]) + fresh if cold else rng.choice([0, None])
    humidity = rng.randint(45, 98)
    gust = 36.0 if rng.random() < 0.02 else rng.choice(_GUSTS)
    sunshine = rng.choice([0.0, 0.0, 0.5, 1.5, 3.0, 4.5, 6.0, 8.5, 10.0, 12.5])
    values: list[object] = [
        low,
        mean,
        high,
        low - rng.choice([0, 1, 2.5, 4]),
        mean - rng.choice([1, 2, 5, 9.5]),
        humidity,
        humidity - rng.randint(0, 30),
        rain,
        0.0 if rain == 0 else rng.choice([0.5, 1.0, 2.5, 6.0, 11.5]),
        fresh,
        depth,
        sunshine,
        rng.randint(0, 8),
        round(gust / rng.choice([2.0, 2.5, 3.0]), 1),
        gust,
        rng.choice([0, 45, 90, 135, 180, 225, 270, 315]),
        rng.choice(_PRESSURES),
        rng.choice([0.2, 0.9, 1.0, 4.0, 10.0, 20.0, 45.0]),
        rng.choice([0, 1, 1, 3, 6, 9]),
    ]
    for column in range(len(values)):
        if rng.random() < 0.045:
            values[column] = None
    fog = 1 if values[17] is not None and rng.random() < 0.12 else 0
    return [*values, 1 if rng.random() < 0.1 else 0, fog, rng.choice(["A", "A", "A", "B", "C"])]


def _observations(
    rng: random.Random, variant: int, stations: list[tuple[object, ...]]
) -> list[tuple[object, ...]]:
    climate = {(place[0], place[1]): place[6:8] for place in _FIRST + _MORE + _EQUATOR}
    days = _days(rng, variant)
    rows: list[tuple[object, ...]] = []
    measured = [station for station in stations if (station[1], station[2]) in climate]
    for place, station in enumerate(measured[:9]):
        winter, summer = climate[(str(station[1]), str(station[2]))]
        kept = [day for day in days if rng.random() > 0.1]
        if station[1] == "札幌":
            kept = days
        if place in (5, 6):
            kept = rng.sample(days, 12 if place == 5 else 13)
        for day in sorted(kept):
            values = _observation(rng, day, float(winter), float(summer))
            if place == 5 and values[7] is None:
                values[7] = 0.9
            rows.append((len(rows) + 1, station[0], day.isoformat(), *values))
        if place == 6:
            mine = [index for index, row in enumerate(rows) if row[1] == station[0]]
            for spot, index in enumerate(mine):
                rain = None if spot < 2 else rng.choice(_RAIN)
                rows[index] = (*rows[index][:10], rain, *rows[index][11:])
    first_july = [
        index for index, row in enumerate(rows) if row[1] == 3 and str(row[2]).startswith("2023-07")
    ][0]
    if variant in (0, 2):
        rows[first_july] = (*rows[first_july][:10], None, *rows[first_july][11:])
    if variant != 1:  # the strongest gust on one day at two stations of the same name
        shared = sorted(
            {str(row[2]) for row in rows if row[1] == 6}
            & {str(row[2]) for row in rows if row[1] == 8}
        )[-1]
        rows = [
            (*row[:17], 36.0, *row[18:]) if row[1] in (6, 8) and row[2] == shared else row
            for row in rows
        ]
    # A station of few records: hardly more than flags, or the extremes of one day in July.
    for date, sunshine in (("2024-02-29", 0.0), ("2024-07-31", 4.0)):
        known = (
            [-0.5 if variant else None, None, 18.0] if variant != 2 and sunshine else ([None] * 3)
        )
        rows.append(
            (0, measured[9][0], date, *known, *[None] * 8, sunshine, *[None] * 7, 0, 1, "C")
        )
    rng.shuffle(rows)  # records reach the archive in any order
    return [(number, *row[1:]) for number, row in enumerate(rows, 1)]


def _instruments(
    rng: random.Random, stations: list[tuple[object, ...]]
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for station in stations[:-1]:
        for kind in rng.sample(_KINDS, rng.choice([1, 2, 2, 3, 4])):
            installed = datetime.date(rng.randint(1995, 2022), rng.randint(1, 12), 15)
            removed = None if station[7] is None else str(station[7])
            if removed is None and rng.random() < 0.25:
                removed = (installed + datetime.timedelta(days=rng.randint(200, 900))).isoformat()
            serial = rng.choice([None, f"{kind[0].upper()}-{rng.randint(100, 999)}"])
            rows.append(
                (
                    len(rows) + 1,
                    station[0],
                    kind,
                    rng.choice(_MAKERS),
                    serial,
                    installed.isoformat(),
                    removed,
                )
            )
    return rows


def _maintenance(
    rng: random.Random, variant: int, technicians: int, instruments: list[tuple[object, ...]]
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    workers = list(range(1, technicians))  # the last technician has no job yet
    inspected = [row for row in instruments if row[2] in ("barometer", "anemometer")]
    for job in range(50):
        instrument = rng.choice(inspected if job % 3 == 0 else instruments)
        day = datetime.date(
            rng.choice([2022, 2023, 2023, 2024]), rng.randint(1, 12), rng.randint(1, 28)
        )
        invoice = rng.choice([None, 0, 0, 45.5, 80, 80, 120.25, 120.25, 150, 310.75])
        rows.append(
            (
                len(rows) + 1,
                instrument[0],
                rng.choice(workers),
                day.isoformat(),
                invoice,
                rng.choice([1, 1, 1, 0]),
                rng.choice(_REMARKS),
            )
        )
    # Technicians 1 and 2, who share a name, cost the same; 3 works under guarantee only; of the
    # last one who works every invoice is missing.
    twins = {1: [120.25, 80], 2: [80, 120.25]}
    priced = []
    for row in rows:
        worker = int(str(row[2]))
        cost: object = row[4]
        if worker in twins and variant % 2:
            cost = twins[worker].pop() if twins[worker] else 0
        elif worker == 3 and variant:
            cost = 0
        elif worker == workers[-1]:
            cost = None
        priced.append((*row[:4], cost, *row[5:]))
    return priced


def _alerts(rng: random.Random, open_stations: list[object]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    starts = [
        "2023-12-31 23:30:00",
        "2024-01-01 00:00:00",
        "2024-12-31 18:00:00",
        "2025-01-01 06:00:00",
    ]
    while len(starts) < 40:
        day = datetime.date(2023, 1, 1) + datetime.timedelta(days=rng.randint(0, 760))
        starts.append(f"{day} {rng.randint(0, 23):02d}:{rng.choice(['00', '15', '30'])}:00")
    for number, issued in enumerate(starts, 1):
        kind = rng.choice(["storm", "storm", "heat", "frost", "snow", "flood"])
        level = "red" if number < 5 else rng.choice(["yellow", "yellow", "orange", "red"])
        begin = datetime.datetime.fromisoformat(issued)
        hours = rng.choice([3, 6, 6, 12, 12.5, 24, 48])
        lifted = None if rng.random() < 0.2 else str(begin + datetime.timedelta(hours=hours))
        rows.append((number, rng.choice(open_stations), kind, level, issued, lifted))
    for level in ("orange", "red"):
        rows.append((len(rows) + 1, 4, "avalanche", level, "2024-02-17 05:00:00", None))
    return rows


def fill(rng: random.Random, variant: int) -> dict[str, list[tuple[object, ...]]]:
    """Return the rows of every table of one filling, parents before children."""
    stations = _stations(rng, variant)
    chosen = [*_TECHNICIANS[9:11], *rng.sample([*_TECHNICIANS[:9], *_TECHNICIANS[11:]], 6)]
    technicians: list[tuple[object, ...]] = [
        (number, *person) for number, person in enumerate(chosen, 1)
    ]
    instruments = _instruments(rng, stations)
    return {
        "station": stations,
        "technician": technicians,
        "instrument": instruments,
        "maintenance": _maintenance(rng, variant, len(technicians), instruments),
        "alert": _alerts(rng, [row[0] for row in stations if row[7] is None]),
        "daily_observation": _observations(rng, variant, stations),
    }
