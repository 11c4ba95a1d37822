"""Fills the staff database: people, pay, projects and reviews of a shipbuilding firm."""

from __future__ import annotations

import random
from datetime import date, timedelta

DEPARTMENTS = [
    ("Management", "Bergen"),
    ("Hull Design", "Bergen"),
    ("Propulsion", "Gdańsk"),
    ("Electronics", "Tallinn"),
    ("Sales", "Hamburg"),
    ("Software", None),
    ("Polar Research", "Tromsø"),
]
# The first six are the managing director and the heads of departments in every filling.
HEADS = [
    "Ingrid Solheim", "Mateus Oliveira", "Katarzyna Zielińska", "Jaan Tamm", "Renate Böhm",
    "王晓明",
]  # fmt: skip
# Which department each of them is head of, by employee number.
HEADED = {1: 1, 2: 3, 3: 4, 4: 5, 5: 6, 6: 2}
PEOPLE = [
    "Aisha Bello", "Anders Dahl", "Björk Jónsdóttir", "Bruno Esposito", "Céline Marchand",
    "Dagny Ruud", "Daniel O'Leary", "Дарья Ковалёва", "Ebba Lindgren", "Eino Virtanen",
    "Filip Horák", "Gunnar Hauge", "حسن الشريف", "Ida N'Diaye", "Ilze Bērziņa", "Jonas Vik",
    "Jürgen Pohl", "Karin Sepp", "Kim Nguyen", "Kim Nguyen", "Lech Gajda", "Lotte Friis",
    "Marek Wilk", "Maren Aas", "Михаил Гусев", "Nadia Rahman", "Nora Bakke", "岡田 恵",
    "Olivier Gagné", "Paweł Duda", "Pille Kask", "Rasmus Holm", "Ragnhild Moe", "Sara Lund",
    "Silje Strand", "Søren Krogh", "Tariq Aziz", "Teresa Peña", "Toomas Ilves", "Ulla Brandt",
    "Vera Novotná", "Yusuf Şahin", "Zuzanna Mróz", "최유진",
]  # fmt: skip
TITLES = {
    1: ["Office Manager", "Accountant"],
    2: ["Naval Architect", "Draughtsperson", "Naval Architect"],
    3: ["Marine Engineer", "Marine Engineer", "Welder"],
    4: ["Electrical Engineer", "Technician"],
    5: ["Account Manager", "Sales Assistant"],
    6: ["Developer", "Developer", "Test Engineer"],
}
PROJECTS = [
    "Fjord Ferry Electrification", "Icebreaker 'Nanuk'", "Hydrogen Pilot", "Quiet Propeller",
    "Łódź Solarna", "Harbour Tug Refit", "Digital Twin", "Trawler Insulation", "Rescue Boat RS-9",
    "Onboard Wi-Fi", "Customer Portal", "Scrubber Retrofit", "北极 Route Study", "Yard Safety",
]  # fmt: skip
TODAY = date(2024, 6, 30)
# More people than places among the three longest-serving ones, all hired on one day.
PIONEERS = (25, 26, 28, 30)
# Employee numbers of two people of the same name and department, for each filling.
NAMESAKES = ((31, 36), (17, 22), (25, 26), (8, 9))
# Employee numbers of the people of Polar Research, all of whom have left.
CLOSED_DOWN: tuple[tuple[int, ...], ...] = ((), (33,), (38, 40), ())
# The employee who takes part in every project, whoever pays for it.
CONTROLLER = 10
Row = tuple[object, ...]


def _employees(rng: random.Random, count: int, variant: int) -> list[Row]:
    names = [*HEADS, *rng.sample(PEOPLE, count - len(HEADS) - 1), "Ravi Iyer"]
    for position in NAMESAKES[variant]:
        names[position - 1] = "Kim Nguyen"
    head_of = {department: number for number, department in HEADED.items()}
    advisers = count - (4 if variant == 1 else 1)
    rows: list[Row] = []
    team_leads: dict[int, int] = {}
    for number, name in enumerate(names, start=1):
        hired = date(2012, 1, 9) + timedelta(days=rng.randint(0, 4400))
        department: int | None = HEADED.get(number)
        manager: int | None = 1
        title = f"Head of {DEPARTMENTS[department - 1][0]}" if department else ""
        if number == 1:
            title, manager = "Managing Director", None
        elif number > advisers:
            title, manager, department = "Adviser to the Board", None, None
        elif number >= 7:
            wanted = [3, 3, 2, 2, 4, 5, 6, 6, 1] if variant < 3 else [3, 3, 2, 4, 5, 6]
            department = rng.choice(wanted)
            if number in NAMESAKES[variant]:
                department = 3
            title = rng.choice(TITLES[department])
            manager = head_of[department]
            if department not in team_leads:
                team_leads[department] = number
            elif rng.random() < 0.65:
                manager = team_leads[department]
                if rng.random() < 0.2:
                    team_leads[department] = number
            if number in NAMESAKES[variant]:
                manager = 2
            elif variant == 3 and department == 3:
                manager = rng.choice(NAMESAKES[variant])  # both of them have a team
        # Who began exactly two or five years ago, and the days beside.
        edges = {9: "2022-06-30", 11: "2022-07-01", 13: "2019-06-30", 15: "2019-06-29",
                 17: "2020-02-29", 19: "2020-12-31", 21: "2020-01-01", 22: "2020-02-29",
                 23: "2019-12-31", 24: "2021-01-01"}  # fmt: skip
        if number in edges:
            hired = date.fromisoformat(edges[number])
        elif number in (8, 12):
            hired = date.fromisoformat(str(rows[int(str(manager)) - 1][6]))
        elif number in PIONEERS:
            hired = date(2012, 1, 2)
        left = None
        if number > 6 and number not in PIONEERS and rng.random() < 0.2:
            left = min(hired + timedelta(days=rng.randint(90, 1500)), TODAY)
        local = name.lower().split()[0]
        domain = rng.choice(["nordlys-yard.example"] * 3 + ["mail.example"])
        email = f"{local}.{number}@{domain}" if local.isascii() and number % 9 else None
        if name == "Kim Nguyen" and variant == 2:
            email = "kim@mail.example"  # one private mailbox for two people
        if number == 25 and variant == 1:
            left = date(2023, 9, 30)
        if number in CLOSED_DOWN[variant]:
            department, title, manager = 7, "Glaciologist", 1
            left = left or date(2023, 12, 31)
        end = left.isoformat() if left else None
        rows.append((number, name, email, title, department, manager, hired.isoformat(), end))
    return rows


def _salaries(rng: random.Random, employees: list[Row]) -> list[Row]:
    rows: list[Row] = []
    # A lone adviser works unpaid.
    advisers = [row for row in employees if row[4] is None]
    for employee in employees:
        if advisers == [employee]:
            continue
        number, title = employee[0], str(employee[3])
        amount = rng.choice([36000, 39500, 42000, 42000, 48000, 51500, 57250.5])
        if title.startswith("Head") or number == 1:
            amount = 84000 if number == 1 else rng.choice([66000, 66000, 72000])
        day = date.fromisoformat(str(employee[6]))
        last = date.fromisoformat(str(employee[7])) if employee[7] else TODAY
        rows.append((number, day.isoformat(), amount))
        for _ in range(rng.choice([0, 1, 1, 2, 3])):
            day += timedelta(days=rng.choice([365, 400, 730]))
            if day > last:
                break
            amount = round(amount * rng.choice([1.02, 1.05, 1.1, 1, 0.95]) / 500) * 500
            rows.append((number, day.isoformat(), amount))
        if employee[7] is None and rng.random() < 0.3:
            coming = rng.choice([TODAY, TODAY + timedelta(days=1), TODAY + timedelta(days=185)])
            if day < coming:
                rows.append((number, coming.isoformat(), amount + rng.choice([1500, 3000])))
    # Somebody in Electronics has caught up with the head of the department.
    known = [row for row in rows if row[0] == 3 and str(row[1]) <= TODAY.isoformat()]
    chief = max(known, key=lambda row: str(row[1]))
    peer = next(row for row in employees[6:] if row[4] == 4 and row[7] is None)
    rows = [row for row in rows if row[0] != peer[0]]
    rows.append((peer[0], "2024-06-30", chief[2]))
    rng.shuffle(rows)
    return rows


def _projects(rng: random.Random, count: int, variant: int) -> list[Row]:
    rows: list[Row] = []
    budgets: list[float | None] = [20000, 50000, 19999.99, 50000.01, None]
    for number, name in enumerate(rng.sample(PROJECTS, count), start=1):
        started = date(2021, 2, 1) + timedelta(days=rng.randint(0, 1100))
        ended = None
        if number > 5 and rng.random() < 0.4:
            ended = (started + timedelta(days=rng.randint(60, 300))).isoformat()
        budget = rng.choice([12500, 35000, 48000.5, 90000, 250000, None])
        if number <= len(budgets):
            budget = budgets[number - 1]
        payer = rng.choice([2, 3, 4, 5, 6])
        rows.append((number, name, payer, budget, started.isoformat(), ended))
    if variant == 2:
        # Two phases under one name, paid alike.
        rows[1] = (2, *rows[0][1:])
    if variant == 1:
        # Two projects of one name, which nobody has begun to staff.
        rows[-2] = (count - 1, *rows[-1][1:])
    return rows


def _assignments(rng: random.Random, projects: int, employees: int, variant: int) -> list[Row]:
    # Every seventh employee and the last project have no assignment.
    available = [number for number in range(2, employees + 1) if number % 7]
    choices: list[float] = [0, 0.5, 7.5, 16, 40, 40, 82.25, 120, 300]
    if variant == 2:
        choices = [0, 1, 8, 16, 40, 120]  # whole hours only
    elif variant == 3:
        choices = [0, 0.5, 1, 2, 4, 7.5]  # nothing has gone on for long
    rows: list[Row] = []
    for project in range(1, projects - (1 if variant == 1 else 0)):
        team = sorted(rng.sample(available, rng.choice([3, 5, 6, 8])))
        if CONTROLLER not in team:
            team.append(CONTROLLER)
        lead = rng.choice(team)
        for person in team:
            role = rng.choice(["member", "member", "member", "adviser", None])
            hours = rng.choice(choices)
            rows.append((project, person, "lead" if person == lead else role, hours))
    return rows


def _reviews(rng: random.Random, count: int, employees: list[Row]) -> list[Row]:
    reviewed = [row for row in employees[1:-1] if row[0] != 8]
    rows: list[Row] = []
    for number in range(1, count + 1):
        person = rng.choice(reviewed[::2] if number % 2 else reviewed)
        reviewer = rng.choice([person[5], person[5], rng.randint(1, len(employees)), None])
        if number % 6 == 0:
            # Feedback upwards: somebody reviews the own manager.
            junior = rng.choice([row for row in employees if row[5] not in (None, 1)])
            person = employees[int(str(junior[5])) - 1]
            reviewer = junior[0]
        day = date(2022, 1, 15) + timedelta(days=rng.randint(0, 890))
        if reviewer == person[0]:
            reviewer = None
        score = None if rng.random() < 0.12 else rng.choice([1, 2, 3, 3, 4, 4, 5])
        rows.append((number, person[0], reviewer, day.isoformat(), score))
    # On one day several people gave their view of a head of department.
    for score in (4, 3, 4, 3):
        rows.append((len(rows) + 1, 5, None, "2023-05-17", score))
    rows.append((len(rows) + 1, len(employees), 1, "2023-06-01", 5))
    # The first of the staff gave the own manager the same score in two years.
    for day_of_review in ("2022-11-30", "2023-11-30"):
        rows.append((len(rows) + 1, employees[6][5], 7, day_of_review, 4))
    return rows


def fill(rng: random.Random, variant: int) -> dict[str, list[Row]]:
    """Returns the rows of every table, parents first; variant 0 is the main filling."""
    employees = _employees(rng, [44, 38, 42, 35][variant], variant)
    projects = _projects(rng, [14, 10, 12, 9][variant], variant)
    return {
        "department": [(number, *row) for number, row in enumerate(DEPARTMENTS, start=1)],
        "employee": employees,
        "salary": _salaries(rng, employees),
        "project": projects,
        "assignment": _assignments(rng, len(projects), len(employees), variant),
        "review": _reviews(rng, [90, 70, 80, 60][variant], employees),
    }
