"""Rows of the `bank` database: a small cooperative bank, its clients and their accounts."""

from __future__ import annotations

import datetime
import random

# name, city, index of the parent in this list
_BRANCHES = [
    ("Head Office", "Luxembourg", None),
    ("Region Süd", "München", 0),
    ("Région Ouest", "Nantes", 0),
    ("Marienplatz", "München", 1),
    ("Altstadt", "Regensburg", 1),
    ("Île de Versailles", "Nantes", 2),
    ("Saint-Malo", "Saint-Malo", 2),
    ("Viktualienmarkt", "München", 3),
    ("Online", "Luxembourg", None),
]
# name, country, whether a person
_CLIENTS = [
    ("Maren Köhler", "Germany", True),
    ("maren köhler", "Germany", True),
    ("Jean Le Goff", "France", True),
    ("JEAN LE GOFF", "France", True),
    ("Aoife O'Brien", "Ireland", True),
    ("Bäckerei Huber GmbH", "Germany", False),
]
_MORE_CLIENTS = [
    ("Katarzyna Zięba", "Poland", True),
    ("Dmitri Соколов", "Germany", True),
    ("Yannick Kerouac", "France", True),
    ("李 小龙", "Luxembourg", True),
    ("Leïla Ben Salah", "France", True),
    ("Ulrich Weiß", "Germany", True),
    ("Anneliese Weiß", "Germany", True),
    ("Crêperie d'Armor SARL", "France", False),
    ("Pedro Nuñez", "Luxembourg", True),
    ("Sofia D'Angelo", "Luxembourg", True),
    ("Emma Schmit", "Luxembourg", True),
    ("Emma Schmit", "Germany", True),
    ("محمد الفاسي", "France", True),
    ("Ólafur Jónsson", "Iceland", True),
    ("Brasserie du Marché", "Luxembourg", False),
    ("Hélène Morvan", "France", True),
    ("Tiago Antunes", "Luxembourg", True),
    ("Grete Øster", "Denmark", True),
    ("Xaver Brandl", "Germany", True),
    ("Nora Haas", "Germany", True),
]
_SHOPS = [
    "Boulangerie Perrin",
    "Metzgerei Wimmer",
    "SuperU",
    "Superu",
    "Bahn AG",
    "O'Reilly's Pub",
    "Apotheke am Tor",
    None,
]
_PAYERS = ["Kanton GmbH", "Ville de Nantes", "Universität", "Hôpital Sainte-Anne"]
_MEMOS = [None, None, "miete", "Rent May", "cadeau d'anniversaire", "rent", "お土産", "Miete 02/24"]
_MONTH_ENDS = ["2021-01-31", "2022-06-30", "2020-02-29", "2023-02-28", "2024-02-29"]
_NOT_ENDS = ["2020-02-28", "2021-06-29", "2022-01-30", "2023-10-01", "2019-12-15", "2024-02-28"]
_OUT = [-1, -350, -990, -1250, -1250, -2499, -4000, -7615, -12000, -20000, -50000, -50001]
_SALARIES = [142000, 180050, 215000, 215000, 98000]

# Accounts of one branch whose bookings up to February 2024 are set, two of them alike: cents.
_EVEN = {10: 215000, 11: 215000, 12: 98000, 13: 50000}

_Row = tuple[object, ...]


def _clients(rng: random.Random, variant: int) -> list[_Row]:
    people = _CLIENTS + rng.sample(_MORE_CLIENTS, 14 + variant % 2)
    if variant > 1:
        people += [("Ulrich Weiß", "Germany", True), ("Ulrich Weiß", "Luxembourg", True)]
    rng.shuffle(people)
    rows: list[_Row] = []
    for number, (name, country, person) in enumerate(people, 1):
        born = datetime.date(rng.randint(1941, 2006), rng.randint(1, 12), rng.randint(1, 28))
        if number % 7 == 0:
            born = datetime.date(1984, 2, 29)
        email = rng.choice(
            [
                None,
                f"client{number * 7 + variant}@post.example",
                f"Client{number * 7 + variant}@mail.example",
            ]
        )
        joined = f"{rng.randint(2015, 2023)}-{rng.randint(1, 12):02d}-{rng.choice([1, 15, 28])}"
        joined = str(datetime.date(*map(int, joined.split("-"))))
        rows.append((number, name, email, born.isoformat() if person else None, country, joined))
    return rows


def _accounts(
    rng: random.Random, variant: int, clients: list[_Row]
) -> tuple[list[_Row], list[_Row]]:
    accounts: list[_Row] = []
    owners: list[_Row] = []
    holders = [int(str(row[0])) for row in clients][:-3]  # three clients without any account
    for number in range(1, 25):
        first = holders[number - 1] if number <= len(holders) else rng.choice(holders)
        kind = rng.choice(["current", "current", "savings", "business"])
        opened = rng.choice(_MONTH_ENDS if rng.random() < 0.4 else _NOT_ENDS)
        closed = "2024-06-30" if rng.random() < 0.12 else None
        overdraft = 0 if kind == "savings" else rng.choice([0, 20000, 50000, 100000])
        iban = f"LU{rng.randint(10, 99)} {rng.randint(100, 999)}0 {number:04d}"
        branch = (
            5
            if number in _EVEN
            else rng.choice(
                [1, 2, 4, 4, 6, 7, 8, 9] if variant != 2 else [1, 2, 4, 4, 6, 7, 8, 10, 11]
            )
        )
        accounts.append((number, iban, branch, kind, opened, closed, overdraft))
        owners.append((number, first, "primary"))
        joint = [client for client in holders if client != first]
        for client in rng.sample(joint, rng.choice([0, 0, 1, 1, 1, 2])):
            owners.append((number, client, "joint"))
    return accounts, owners


def _moment(rng: random.Random, start: datetime.date, days: int) -> str:
    day = start + datetime.timedelta(days=rng.randint(0, days))
    return f"{day} {rng.choice(['08:00:00', '12:30:00', '17:45:10', '23:59:59'])}"


def _entries(rng: random.Random, variant: int, accounts: list[_Row]) -> list[_Row]:
    """Entries from December 2023 to April 2024; the last two accounts have none."""
    drafts: list[_Row] = []
    start = datetime.date(2023, 12, 1)
    small = [-1, -1, -3, -9, -12, -24, -40, -76, -120]
    amounts = small if variant == 3 else _OUT
    for account in accounts[:-2]:
        number = account[0]
        if number in _EVEN:
            drafts.append(
                (number, "2024-02-29 23:59:59", _EVEN[number], "salary", "Universität", None)
            )
            drafts.append(
                (
                    number,
                    _moment(rng, datetime.date(2024, 3, 1), 40),
                    rng.choice(_OUT),
                    "transfer",
                    rng.choice(_SHOPS),
                    "rent",
                )
            )
            continue
        if account[3] != "savings":
            for month in ("2024-01-31", "2024-02-29", "2024-03-28"):
                if rng.random() < 0.7:
                    drafts.append(
                        (
                            number,
                            f"{month} 06:00:00",
                            rng.choice(_SALARIES),
                            "salary",
                            rng.choice(_PAYERS),
                            None,
                        )
                    )
        else:
            drafts.append(
                (
                    number,
                    "2023-12-31 23:59:59",
                    rng.choice([1, 1234, 50000]),
                    "interest",
                    None,
                    None,
                )
            )
        for _ in range(rng.choice([2, 4, 6, 8])):
            kind = rng.choice(["card", "card", "transfer", "transfer", "cash", "fee", "notice"])
            amount = rng.choice(amounts)
            other = rng.choice(_SHOPS)
            if kind == "notice":
                amount, other = 0, None
            elif kind == "transfer" and rng.random() < 0.4:
                amount = -amount
            elif kind == "fee":
                amount, other = rng.choice([0, *amounts[1:3]]), None
            drafts.append(
                (number, _moment(rng, start, 140), amount, kind, other, rng.choice(_MEMOS))
            )
    drafts.append((1, "2024-03-01 00:00:00", min(amounts), "cash", None, None))
    drafts.append((2, "2024-02-29 23:59:59", 77700, "transfer", "Bahn AG", "Erstattung"))
    for repeated in (3, 5, 8, 8):  # a payment booked twice on one day
        shop = rng.choice(_SHOPS[:7])
        amount = rng.choice(amounts)
        drafts.append((repeated, "2024-03-12 09:00:00", amount, "card", shop, None))
        drafts.append((repeated, "2024-03-12 18:20:00", amount, "card", shop, None))
        drafts.append((repeated, "2024-03-13 09:00:00", amount, "card", shop, None))
    drafts += _twice(rng)
    drafts += [
        (4, "2024-01-05 10:00:00", -2000, "card", "Café Léon", None),
        (4, "2024-01-06 10:00:00", -1999, "card", "Kiosk Rossi", None),
        (7, "2023-12-31 23:59:59", -1, "interest", None, None),
    ]
    if variant < 3:  # two bookings at once, each of them too much
        drafts += [
            (9, "2023-12-01 07:00:00", -100001, "transfer", "Bahn AG", None),
            (9, "2023-12-01 07:00:00", -5000, "transfer", "SuperU", "cadeau d'anniversaire"),
        ]
    rng.shuffle(drafts)
    return [(number, *row) for number, row in enumerate(drafts, 1)]


def _twice(rng: random.Random) -> list[_Row]:
    """Pairs of bookings on one day that look like one booked twice, not all of them payments."""
    pairs: list[tuple[int, str | None, str | None, str | None]] = [
        (-1250, "SuperU", "SuperU", None),
        (-1, "Bahn AG", "Bahn AG", None),
        (-1250, None, None, None),
        (0, "Bahn AG", "Bahn AG", None),
        (4000, "Bahn AG", "Bahn AG", None),
        (-2499, "Metzgerei Wimmer", "Metzgerei Wimmer", "rent"),
        (-990, "SuperU", "Superu", "miete"),
    ]
    rows: list[_Row] = []
    for account, (amount, first, second, memo) in enumerate(pairs, 14):
        rows.append((account, "2024-03-20 08:00:00", amount, "transfer", first, memo))
        memo = None if amount == -2499 else memo
        rows.append((account, "2024-03-20 21:15:00", amount, "transfer", second, memo))
    return rng.sample(rows, len(rows))


def _loans(rng: random.Random, clients: list[_Row]) -> list[_Row]:
    rows: list[_Row] = []
    # The last client borrows without having an account.
    for client in [*rng.sample(range(1, len(clients)), 15), len(clients), len(clients), 1]:
        rows.append(
            (
                len(rows) + 1,
                client,
                rng.choice([2, 3, 4, 5, 8]),
                rng.choice([250000, 999999, 1000000, 1000000, 1500000, 32000000]),
                rng.choice([None, 0, 1.95, 2.5, 3.125, 4.75]),
                f"{rng.randint(2018, 2024)}-{rng.choice(['02-28', '05-31', '11-15'])}",
                rng.choice([12, 36, 60, 60, 240]),
                rng.choice(["running", "running", "repaid", "default"]),
            )
        )
    return rows


def _cards(rng: random.Random, owners: list[_Row]) -> list[_Row]:
    rows: list[_Row] = []
    expiries = [
        "2024-12-31",
        "2025-01-01",
        "2025-02-28",
        "2025-03-01",
        "2026-06-30",
        "2025-12-31",
        "2026-01-01",
    ]
    for owner in rng.sample(owners, len(owners) - 7):
        for _ in range(rng.choice([0, 1, 1, 1, 2])):
            rows.append(
                (
                    len(rows) + 1,
                    owner[0],
                    owner[1],
                    rng.choice(["debit", "credit"]),
                    rng.choice(expiries),
                    rng.choice([0, 0, 0, 1]),
                    rng.choice([None, 0, 20000, 50000, 50000, 100000]),
                )
            )
    for _ in range(6):  # carried by somebody who does not own the account
        account, client = rng.randint(1, 24), rng.choice(owners)[1]
        if (account, client) not in [owner[:2] for owner in owners]:
            rows.append((len(rows) + 1, account, client, "debit", "2026-06-30", 0, 20000))
    return rows


def fill(rng: random.Random, variant: int) -> dict[str, list[_Row]]:
    """Return the rows of every table of one filling, parents before children."""
    branches: list[_Row] = [
        (number, name, city, None if parent is None else parent + 1)
        for number, (name, city, parent) in enumerate(_BRANCHES, 1)
    ]
    if variant:
        parent = rng.choice([2, 4, 8])
        branches += [(10, "SB-Filiale", "München", parent), (11, "SB-Filiale", "Dachau", parent)]
    clients = _clients(rng, variant)
    accounts, owners = _accounts(rng, variant, clients)
    return {
        "branch": branches,
        "client": clients,
        "account": accounts,
        "account_owner": owners,
        "account_entry": _entries(rng, variant, accounts),
        "loan": _loans(rng, clients),
        "card": _cards(rng, owners),
    }
