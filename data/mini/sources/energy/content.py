"""Rows of the energy database: invented plants, their sensors, outages and prices."""

from __future__ import annotations

import datetime
import random

_REGIONS = [
    ("Nordmarken", "Sweden", 412300),
    ("Côte de Brume", "France", 1280450),
    ("Alto Douro", "Portugal", 205000),
    ("Ziemia Lubelska", "Poland", 998100),
    ("Öland Nord", "Sweden", 11800),
    ("Val d'Aoste", "Italy", 123400),
    ("Θεσσαλία", "Greece", 688300),
    ("Bornholm Øst", "Denmark", 21050),
]
_OPERATORS = [
    ("Boreal Kraft", "Luleå", 1961),
    ("Énergie du Large", "Brest", 2004),
    ("Companhia das Águas", "Porto", 1948),
    ("Lubelska Energia", "Lublin", None),
    ("Sunfield & Daughters", None, 2012),
    ("O'Leary Power", "Cork", 1979),
    ("Boreal Kraft Norge", "Oslo", 1998),
    ("Alpina Idro", "Aosta", 1933),
    ("NORDEN Wärme", "Kiel", 2010),
    ("Wieprz Nord", "Lublin", 1958),
    ("Energia del Nord", None, 1998),
]
# Name, region, fuel; the first eleven are in every filling.
_PLANTS = [
    ("Kårstad Ridge", 1, "wind"),
    ("Brume Offshore", 2, "wind"),
    ("Barragem do Corvo", 3, "hydro"),
    ("Wieprz Nord", 4, "coal"),
    ("Lac des Merles", 6, "pumped storage"),
    ("Plaine du Sel", 2, "solar"),
    ("Stora Älgen", 1, "hydro"),
    ("Ηλιοχώρι", 7, "solar"),
    ("Wieprz Nord", 4, "biomass"),
    ("Rønne Øst", 8, "wind"),
    ("Nordholt Sol", 3, "solar"),
    ("Wieprz South", 4, "coal"),
    ("Quinta do Sol", 3, "solar"),
    ("Pont-à-Marée", 2, "gas"),
    ("Chełm Gazowa", 4, "gas"),
    ("St. John's Mill", 2, "biomass"),
    ("Ostrich Hill", 3, "wind"),
    ("Granberget", 1, "wind"),
    ("Dora Baltea", 6, "hydro"),
    ("Zamość Solar", 4, "solar"),
    ("Kårstad Ridge II", 1, "wind"),
    ("Skogsflis", 1, "biomass"),
    ("Serra Fria", 3, "pumped storage"),
    ("Quai Nord", 2, "gas"),
    ("Wieprz nord", 4, "biomass"),
    ("Aiguille Blanche", 6, "hydro"),
    ("Όλυμπος", 7, "wind"),
]
_CAPACITIES: dict[str, list[float]] = {
    "wind": [4.5, 12, 35.7, 60, 60, 99.9, 100, 240],
    "solar": [4.5, 4.5, 4.5, 12, 12, 20.8, 60, 100.5],
    "hydro": [12, 60, 99.9, 100, 100.5, 600],
    "pumped storage": [60, 100, 240, 600],
    "gas": [35.7, 99.9, 100, 240, 240],
    "coal": [60, 100, 240, 600],
    "biomass": [4.5, 12, 35.7, 35.7],
}
_CAUSES = ["storm", "inspection", "transformer fire", "grid fault", "ice", None, "inspection"]
_FIRST_HOUR = datetime.datetime(2024, 2, 28, 0, 0)


def _plants(rng: random.Random, variant: int) -> list[tuple[object, ...]]:
    chosen = list(range(11)) + sorted(rng.sample(range(11, len(_PLANTS)), 9))
    rows: list[tuple[object, ...]] = []
    for number, index in enumerate(chosen, 1):
        name, region, fuel = _PLANTS[index]
        operator = rng.choice([1, 2, 3, 4, 5, 6, 8, 8, 9, None])
        capacity = rng.choice(_CAPACITIES[fuel])
        if variant == 1 and fuel == "solar":
            # Equal sizes, whose repetition matters for the average.
            capacity = (12, 4.5, 4.5, 20.8, 4.5)[sum(row[4] == "solar" for row in rows)]
        day = datetime.date(rng.randint(1958, 2019), rng.randint(1, 12), rng.randint(1, 28))
        if number % 5 == 0:
            day = rng.choice([datetime.date(1999, 12, 31), datetime.date(2000, 1, 1)])
        if number in (3, 11):
            day = rng.choice([datetime.date(1996, 2, 29), datetime.date(2008, 2, 29)])
        end: str | None = None
        if number == 10 or (number > 11 and rng.random() < 0.4):
            end = (day + datetime.timedelta(rng.randint(900, 9000))).isoformat()
            end = end if end < "2023-12-31" else "2023-12-31"
            day = min(day, datetime.date(2018, 5, 1))
        rows.append((number, name, region, operator, fuel, capacity, day.isoformat(), end))
    if variant % 2 == 0:
        # The offshore wind farm is as large as the largest other plant of its region.
        largest = max(float(str(row[5])) for row in rows if row[2] == 2 and row[0] != 2)
        rows[1] = (*rows[1][:5], largest, *rows[1][6:])
    return rows


def _sensors(rng: random.Random, plants: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []

    def install(plant: int, quantity: str, unit: str) -> None:
        year, month, day = rng.randint(2015, 2023), rng.randint(1, 12), rng.randint(1, 28)
        installed = datetime.date(year, month, day).isoformat()
        if len(rows) < 2:
            installed = ("2020-01-01", "2019-12-31")[len(rows)]
        rows.append(
            (len(rows) + 1, plant, quantity, unit, installed if rng.random() < 0.8 else None)
        )

    # The seventh sensor stays nearly silent; the fifth plant has a second block.
    for plant in (1, 2, 4, 5, 8, 9, 7, 5, 6):
        install(plant, "power", "kW" if plant in (4, 6, 9) else "MW")
    for plant in (1, 2, 4, 6):
        if plant in (1, 2):
            install(plant, "wind speed", "m/s")
        elif rng.random() < 0.9:
            install(plant, "temperature", "°C")
    # Sensors that have never sent anything, and some plants with none at all.
    running = [int(str(row[0])) for row in plants if row[7] is None]
    for _ in range(3):
        install(rng.choice([n for n in running if 9 <= n <= 14]), "temperature", "°C")
    return rows


def _readings(
    rng: random.Random,
    plants: list[tuple[object, ...]],
    sensors: list[tuple[object, ...]],
    variant: int,
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for sensor_id, plant_id, quantity, unit, _ in sensors[:-3]:
        capacity = float(str(plants[int(str(plant_id)) - 1][5]))
        fuel = plants[int(str(plant_id)) - 1][4]
        step = 2 if quantity == "power" else 6
        hours = list(range(0, 66 if quantity == "temperature" else 60, step))
        gaps = rng.sample(
            hours, rng.choice([0, 1, 1, 3, 4, 6]) if step == 2 else rng.choice([0, 1, 1])
        )
        if sensor_id == 1 and variant % 2 == 0:
            # Nothing at two in the afternoon, on either day.
            gaps = [14, 38]
        if sensor_id == 7:
            gaps = rng.sample(hours, len(hours) - variant // 2)
        for hour in hours:
            moment = _FIRST_HOUR + datetime.timedelta(hours=hour)
            if quantity == "power":
                share = rng.choice([0, 0.25, 0.5, 0.5, 0.8, 1, 1.0005 if unit == "kW" else 1.04])
                if fuel == "solar" and not 7 <= moment.hour <= 18:
                    share = 0
                if fuel == "pumped storage" and moment.hour < 8:
                    share = -rng.choice([0.3, 0.5, 0.5])
                value = round(capacity * share * (1000 if unit == "kW" else 1), 1)
            elif quantity == "wind speed":
                value = rng.choice([0.0, 3.5, 7.2, 11.0, 24.9])
            else:
                value = rng.choice([-11.5, -3.0, 0.0, 4.5, 18.2])
            rows.append((sensor_id, moment.isoformat(" "), None if hour in gaps else value))
    # They come in over a radio link in no particular order.
    rng.shuffle(rows)
    return rows


def _outages(rng: random.Random, plants: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    running = [int(str(row[0])) for row in plants if row[7] is None]
    rows: list[tuple[object, ...]] = []
    for number in range(1, 35):
        plant = rng.choice([1, 2, 4, 5, 9, rng.choice(running), rng.choice(running)])
        start = datetime.datetime(2024, 1, 1) + datetime.timedelta(
            days=rng.choice([rng.randint(0, 60), 27, 59]), minutes=15 * rng.randint(0, 95)
        )
        if number % 8 == 0:
            hour, minute = rng.choice([(0, 0), (23, 45)])
            start = start.replace(hour=hour, minute=minute)
        length = datetime.timedelta(minutes=rng.choice([15, 90, 240, 1440, 1440, 1455, 4000]))
        end: str | None = (start + length).isoformat(" ")
        if number % 11 == 0:
            start = datetime.datetime(2024, 3, rng.choice([2, 4, 5]), 7, 30)
            end = None
        cause = rng.choice(_CAUSES)
        planned = int(cause == "inspection" or rng.random() < 0.1)
        rows.append((number, plant, start.isoformat(" "), end, cause, planned))
    # Outages of one plant that overlap, and some of another one that only touch.
    rows.append((35, 2, "2024-03-04 08:00:00", "2024-03-04 20:00:00", "ice", 0))
    rows.append((36, 2, "2024-03-04 12:30:00", "2024-03-05 09:00:00", None, 0))
    rows.append((37, 4, "2024-03-06 06:00:00", "2024-03-06 12:00:00", "inspection", 1))
    rows.append((38, 4, "2024-03-06 12:00:00", "2024-03-06 14:15:00", "grid fault", 0))
    rows.append((39, 2, "2024-03-05 00:00:00", None, "storm", 0))
    rows.append((40, 4, "2024-03-06 04:45:00", "2024-03-06 06:00:00", None, 0))
    return rows


def _tariffs(rng: random.Random, variant: int) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    lowest = rng.choice([-12.5, -35.2, -8.75, -104.6])
    # In two of the fillings nobody trades in the seventh region.
    for region in (1, 2, 3, 4, 6, 7)[: 6 if variant < 2 else 5]:
        for block in range(10):
            start = _FIRST_HOUR + datetime.timedelta(hours=6 * block)
            end = start + datetime.timedelta(hours=6)
            price = rng.choice([lowest, -0.01, 0, 0, 18.4, 42.35, 42.35, 77.9, 130.05])
            rows.append((len(rows) + 1, region, start.isoformat(" "), end.isoformat(" "), price))
    return rows


def fill(rng: random.Random, variant: int) -> dict[str, list[tuple[object, ...]]]:
    """Rows of every table, parents before children; `variant` 0 is the main filling."""
    regions: list[tuple[object, ...]] = [
        (number, name, country, people + variant * rng.randint(100, 4000))
        for number, (name, country, people) in enumerate(_REGIONS, 1)
    ]
    plants = _plants(rng, variant)
    sensors = _sensors(rng, plants)
    return {
        "region": regions,
        "operator": [(number, *row) for number, row in enumerate(_OPERATORS, 1)],
        "plant": plants,
        "sensor": sensors,
        "reading": _readings(rng, plants, sensors, variant),
        "outage": _outages(rng, plants),
        "tariff": _tariffs(rng, variant),
    }
