"""Rows of the `league` database: two seasons of an invented football league."""

from __future__ import annotations

import datetime
import random

# name, city, year of foundation
_ANCHORED = [("Ards Rovers", "Newtownards", 1900), ("Real Montaña", "Potes", 1927)]
_CLUBS = [
    ("FC Lindenau", "Lindenau", 1897),
    ("SK Żubr", "Hajnówka", 1946),
    ("Olympique d'Arzac", "Arzac", 1904),
    ("Sporting Rio Pardo", "Rio Pardo", 1919),
    ("ФК Волна", "Тверь", 1958),
    ("北斗サッカークラブ", "函館", 1972),
    ("Lindenau Wanderers", "Lindenau", 1901),
    ("IF Skärgården", "Nynäshamn", 1899),
    ("Calcio Sant'Elia", "Cagliari", 1933),
    ("نادي الميناء", "Aqaba", 1961),
]
# name, city, capacity; the last two belong to no club's city
_GROUNDS = [
    ("Castle Park", "Newtownards", 30000),
    ("Campo de la Peña", "Potes", 8200),
    ("Auenstadion", "Lindenau", 41000),
    ("Stadion Miejski", "Hajnówka", 12500),
    ("Stade de la Liberté", "Arzac", 30001),
    ("Estádio do Rio", "Rio Pardo", 52300),
    ("Стадион Химик", "Тверь", 30000),
    ("千代台", "函館", 15000),
    ("Skärvallen", "Nynäshamn", 29999),
    ("Arena Sant'Elia", "Cagliari", 35400),
    ("Old Quarry", "Bangor", None),
    ("Parque Central", "Potes", 41000),
    ("Parque Central", "Santoña", 41000),
]
# nationality: given names, family names
_PEOPLE = {
    "Ireland": (["Conor", "Séamus", "Patrick"], ["O'Neill", "Byrne", "McKay", "O'Hare"]),
    "Spain": (["Tomás", "Andrés", "Iñaki"], ["García", "Núñez", "de la Hoz"]),
    "Poland": (["Łukasz", "Michał", "Jan"], ["Nowak", "Wiśniewski", "Dąbrowski"]),
    "Ivory Coast": (["Kofi", "Yao", "Serge"], ["N'Guessan", "Kouassi", "N'Dri"]),
    "Sweden": (["Noah", "Göran", "Emil"], ["Lindqvist", "Åkesson", "Berg"]),
    "Brazil": (["Mateus", "João Vítor", "Caio"], ["da Silva", "Conceição", "Sant'Ana"]),
    "Russia": (["Иван", "Артём", "Павел"], ["Петров", "Соловьёв", "Орлов"]),
    "Japan": (["健太", "翔", "大輔"], ["山本", "佐々木", "小林"]),
    "France": (["Jean-Luc", "Rémi", "Loïc"], ["Lefèvre", "d'Hubert", "Garnier"]),
    "Germany": (["Jonas", "Jörg", "Niklas"], ["Müller", "Fischer", "Weiß"]),
    "Morocco": (["كريم", "Yassine", "Anouar"], ["El Idrissi", "Benali", "Aït Taleb"]),
    "Turkey": (["Emre", "Çağlar", "Ozan"], ["Öztürk", "Şahin", "Yılmaz"]),
    "Italy": (["Giulio", "Nicolò", "Dario"], ["D'Amico", "Rossi", "Dell'Orto"]),
}
_POSITIONS = ["goalkeeper", "defender", "midfielder", "midfielder", "forward", "forward"]
_REFEREES = ["A. Ferreira", "B. Kjær", "C. O'Dowd", "Д. Орлов", None]
_VALUES = [None, 0, 150000, 400000, 750000, 750000, 1200000, 2500000, 4000000, 9500000]
_FEES = [None, 0, 0, 90000, 250000, 250000, 800000, 1750000, 6000000]

_Row = tuple[object, ...]


def _clubs(rng: random.Random, variant: int) -> tuple[list[_Row], list[_Row]]:
    chosen = _ANCHORED + rng.sample(_CLUBS, 6)
    if variant == 0:
        chosen = _ANCHORED + [_CLUBS[i] for i in (0, 6, 1, 2, 4, 5)]
    cities = [club[1] for club in chosen]
    grounds = [ground for ground in _GROUNDS if ground[1] in cities]
    grounds += [ground for ground in _GROUNDS[10:] if ground not in grounds]
    rng.shuffle(grounds)
    stadiums: list[_Row] = [(n, *ground) for n, ground in enumerate(grounds, 1)]
    clubs: list[_Row] = []
    for number, (name, city, founded) in enumerate(chosen, 1):
        own = [row[0] for row in stadiums if row[2] == city]
        stadium = own[0] if own else None
        if number == 5:
            stadium = clubs[3][4]  # a tenant of the club before
        if number == 7 and variant != 1:
            stadium = None
        clubs.append((number, name, city, founded, stadium))
    return stadiums, clubs


def _players(rng: random.Random, variant: int) -> tuple[list[list[object]], list[list[int]]]:
    """Players as of the second season, and the squads of the first one."""
    people = [
        (f"{family} {given}" if nation == "Japan" else f"{given} {family}", nation)
        for nation, (givens, families) in _PEOPLE.items()
        for given in givens
        for family in families
    ]
    rng.shuffle(people)
    people[20] = people[3]  # two players of the same name
    if variant:
        people[8] = people[49] = ("Patrick O'Neill", "Ireland")
    if variant == 2:
        people[6] = people[5]  # the forwards of one club are namesakes
    players: list[list[object]] = []
    squads: list[list[int]] = []
    for club in range(1, 9):
        squad = []
        for position in _POSITIONS:
            number = len(players) + 1
            born = datetime.date(rng.randint(1990, 2005), rng.randint(1, 12), rng.randint(1, 28))
            birth = None if rng.random() < 0.08 else born.isoformat()
            players.append(
                [
                    number,
                    *people[number],
                    birth,
                    position,
                    club,
                    rng.choice([None, *range(1, 31)]),
                    rng.choice(_VALUES),
                ]
            )
            squad.append(number)
        squads.append(squad)
    for position in ("goalkeeper", "forward", "midfielder", "defender"):
        number = len(players) + 1
        players.append(
            [number, *people[number], "1999-02-28", position, None, None, rng.choice(_VALUES)]
        )
    for number in rng.sample(range(len(players)), 2):
        players[number][3] = "2006-08-31"
    players[0][1:3] = ["Brendan O'Hare", "Ireland"]
    players[6][3] = "1996-02-29"
    if variant == 2:
        for number in (3, 4, 5):
            players[number][3] = f"1998-0{number}-11"
    return players, squads


def _pairings() -> list[list[tuple[int, int]]]:
    """A single round robin of eight clubs by the circle method: 7 rounds of 4 matches."""
    circle = list(range(1, 9))
    rounds = []
    for number in range(7):
        pairs = [(circle[i], circle[7 - i]) for i in range(4)]
        rounds.append([(b, a) if number % 2 else (a, b) for a, b in pairs])
        circle = [circle[0], circle[-1], *circle[1:-1]]
    return rounds


def _fixtures(rng: random.Random, variant: int) -> list[_Row]:
    rows: list[_Row] = []
    for season, start in (("2023/24", "2023-09-02"), ("2024/25", "2024-09-07")):
        for round_no, pairs in enumerate(_pairings(), 1):
            saturday = datetime.date.fromisoformat(start) + datetime.timedelta(weeks=round_no - 1)
            for pair in pairs:
                home, away = pair if season == "2023/24" else (pair[1], pair[0])
                day = saturday + datetime.timedelta(days=rng.choice([-1, 0, 0, 1, 1, 4]))
                time = rng.choice(["15:00:00", "17:30:00", "20:45:00"])
                played = season == "2023/24" or round_no < 6 or (round_no == 6 and home < away)
                goals = [
                    rng.choice([0, 0, 1, 1, 1, 2, 2, 3, 4]) if played else None for _ in range(2)
                ]
                if variant == 3 and played and 8 in pair:  # a club that hardly scores
                    goals[(home, away).index(8)] = int(round_no == 1)
                crowd = rng.choice([None, 0, 1850, 4200, 7900, 11300, 18050, 29999])
                rows.append(
                    (
                        len(rows) + 1,
                        season,
                        round_no,
                        f"{day} {time}",
                        home,
                        away,
                        *goals,
                        crowd if played else None,
                        rng.choice(_REFEREES),
                    )
                )
    return rows


def _moves(
    rng: random.Random, players: list[list[object]], squads: list[list[int]]
) -> tuple[list[_Row], list[list[int]]]:
    """Transfers, among them those between the seasons, and the squads of the second season."""
    later = [list(squad) for squad in squads]
    rows: list[tuple[object, ...]] = []
    sellers = rng.sample(range(1, 9), 6)  # two clubs never let a player go inside the league
    for number, club in enumerate(sellers):
        leaving = squads[club - 1][rng.choice([3, 4, 5])]
        target = rng.choice([c for c in range(1, 9) if c != club])
        day = f"2024-07-{rng.choice([1, 15, 31]):02d}"
        later[club - 1].remove(leaving)
        later[target - 1].append(leaving)
        players[leaving - 1][5] = target
        rows.append((leaving, club, target, day, rng.choice(_FEES[1:]), 1 if number == 0 else 0))
    for squad_club, squad in enumerate(squads, 1):
        for player in rng.sample(squad, 2):
            origin = rng.choice([None, None, *(c for c in sellers if c != squad_club)])
            joined = datetime.date(rng.randint(2019, 2022), rng.choice([1, 7]), rng.randint(1, 31))
            rows.append(
                (
                    player,
                    origin,
                    squad_club,
                    joined.isoformat(),
                    rng.choice(_FEES),
                    rng.choice([0, 0, 0, 1]),
                )
            )
    for free in range(49, 52):  # players who left the league
        rows.append((free, rng.choice(sellers), None, "2023-06-30", rng.choice([0, None]), 0))
    return rows, later


def _entangled(
    variant: int,
    transfers: list[_Row],
    fixtures: list[_Row],
    goals: list[_Row],
    players: list[list[object]],
) -> list[_Row]:
    """The transfers with two more of the kind that mislead: a return, and one on a match day."""
    rows = list(transfers)
    sellers = sorted({int(str(row[1])) for row in rows if row[1] is not None})
    late = {row[0]: row for row in fixtures if row[1] == "2024/25"}
    for goal in goals:
        club = players[int(str(goal[2])) - 1][5]
        if goal[5] and goal[1] in late and club in sellers:
            host = next(seller for seller in sellers if seller != club)
            rows.append((goal[2], club, host, "2021-01-15", 0, 1))
            rows.append((goal[2], host, club, "2021-06-30", 0, 1))
            break
    for goal in goals:
        if goal[1] in late and not goal[5] and variant:
            match = late[goal[1]]
            other = match[5] if goal[3] == match[4] else match[4]
            known = [row for row in rows if row[0] == goal[2] and row[1] == other]
            if other in sellers and not known:
                rows.append((goal[2], other, goal[3], str(match[3])[:10], None, 1))
                break
    rows.sort(key=lambda row: (str(row[3]), str(row[0])))
    return [(number, *row) for number, row in enumerate(rows, 1)]


def _goals(
    rng: random.Random,
    variant: int,
    fixtures: list[_Row],
    before: list[list[int]],
    after: list[list[int]],
) -> list[_Row]:
    rows: list[_Row] = []
    for fixture in fixtures:
        if fixture[6] is None:
            continue
        squads = before if fixture[1] == "2023/24" else after
        home, away = int(str(fixture[4])), int(str(fixture[5]))
        sides = [home] * int(str(fixture[6])) + [away] * int(str(fixture[7]))
        rng.shuffle(sides)
        minutes = sorted(
            rng.choice([1, 9, 17, 23, 38, 45, 45, 52, 60, 71, 84, 90, 93]) for _ in sides
        )
        blurred = rng.random() < 0.12
        for spot, side in enumerate(sides):
            own = rng.random() < 0.07
            if variant == 3 and side == 8:
                own = fixture[1] == "2024/25"
            squad = squads[(home + away - side if own else side) - 1]
            favourites = squad[-2:] * 3 + squad[1:]
            minute = None if blurred and spot == len(sides) - 1 else minutes[spot]
            penalty = 0 if own else int(rng.random() < 0.12)
            rows.append((fixture[0], rng.choice(favourites), side, minute, int(own), penalty))
    if variant:  # of the goals of a hat-trick one was not timed
        three = [
            row
            for row in rows
            if sum(one[:2] == row[:2] and not one[4] for one in rows) == 3 and not row[4]
        ]
        spot = rows.index(three[-1])
        rows[spot] = (*rows[spot][:3], None, *rows[spot][4:])
    rng.shuffle(rows)
    return [(number, *row) for number, row in enumerate(rows, 1)]


def fill(rng: random.Random, variant: int) -> dict[str, list[_Row]]:
    """Return the rows of every table of one filling, parents before children."""
    stadiums, clubs = _clubs(rng, variant)
    players, before = _players(rng, variant)
    transfers, after = _moves(rng, players, before)
    fixtures = _fixtures(rng, variant)
    goals = _goals(rng, variant, fixtures, before, after)
    if variant == 1:  # of one club only two players are valued
        for spot, player in enumerate(one for one in players if one[5] == 8):
            player[7] = (0, 400000)[spot] if spot < 2 else None
    return {
        "stadium": stadiums,
        "club": clubs,
        "player": [tuple(player) for player in players],
        "fixture": fixtures,
        "goal": goals,
        "transfer": _entangled(variant, transfers, fixtures, goals, players),
    }
