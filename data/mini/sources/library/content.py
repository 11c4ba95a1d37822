"""Fills the library database: books in many languages, lent by a city's public library."""

from __future__ import annotations

import random
from datetime import date, timedelta

BRANCHES = [
    ("Central", "1931-05-04", None),
    ("Harbour", "1978-09-12", "2019-06-30"),
    ("Linden Street", "1990-02-28", None),
    ("Université", "2004-02-29", None),
]
AUTHORS = {
    "夏目漱石": 1867, "川端康成": 1899, "Фёдор Достоевский": 1821, "Лев Толстой": 1828,
    "Илья Ильф": 1897, "Евгений Петров": 1902, "الطيب صالح": 1929, "Kahlil Gibran": 1883,
    "Victor Hugo": 1802, "Albert Camus": 1913, "Antoine de Saint-Exupéry": 1900,
    "Gabriel García Márquez": 1927, "Miguel de Cervantes": 1547, "Franz Kafka": 1883,
    "Johann Wolfgang von Goethe": 1749, "James Joyce": 1882, "Terry Pratchett": 1948,
    "Neil Gaiman": 1960, "Toni Morrison": 1931, "曹雪芹": None, "高鹗": None, "吴承恩": None,
    "Ὅμηρος": None, "Μάρκος Αὐρήλιος": 121, "Luís de Camões": None, "José Saramago": 1922,
    "Bolesław Prus": 1847, "Stanisław Lem": 1921, "Brian Kernighan": 1942,
    "Dennis Ritchie": 1941, "Thomas Cormen": 1956, "Charles Leiserson": 1953,
    "Ron Rivest": 1947, "Marjane Satrapi": 1969, "Chinua Achebe": 1930,
    "Ursula K. Le Guin": 1929, "Edwin Muir": 1887, "Willa Muir": 1890,
    "Constance Garnett": 1861, "Edwin McClellan": 1925, "Michael Ende": 1929,
    "Frank Herbert": 1920, "George Eliot": 1819, "Umberto Eco": 1932, "Sabahattin Ali": 1907,
    "老子": None, "Joanna Kilmartin": 1929, "Steve Cox": None, "Thornton Wilder": 1897,
    "Flann O'Brien": 1911, "Σοφοκλῆς": -496,
    "Jacob Grimm": 1785, "Wilhelm Grimm": 1786, "Breon Mitchell": 1942,
}  # fmt: skip
# Title, language, genre, year, pages, authors, translators.
BOOKS: list[tuple[str, str, str, int | None, int | None, list[str], list[str]]] = [
    ("吾輩は猫である", "ja", "novel", 1905, 610, ["夏目漱石"], []),
    ("こころ", "ja", "novel", 1914, 384, ["夏目漱石"], []),
    ("こころ", "ja", "novel", 1914, 300, ["夏目漱石"], []),
    ("雪国", "ja", "novel", 1948, 214, ["川端康成"], []),
    ("Преступление и наказание", "ru", "novel", 1866, 608, ["Фёдор Достоевский"], []),
    ("Анна Каренина", "ru", "novel", 1878, 864, ["Лев Толстой"], []),
    ("Двенадцать стульев", "ru", "novel", 1928, 416, ["Илья Ильф", "Евгений Петров"], []),
    ("ألف ليلة وليلة", "ar", "tales", None, 1180, [], []),
    ("موسم الهجرة إلى الشمال", "ar", "novel", 1966, 171, ["الطيب صالح"], []),
    ("The Prophet", "en", "poetry", 1923, 107, ["Kahlil Gibran"], []),
    ("Les Misérables", "fr", "novel", 1862, 1462, ["Victor Hugo"], []),
    ("L'Étranger", "fr", "novel", 1942, 159, ["Albert Camus"], []),
    ("Le Petit Prince", "fr", "children", 1943, 96, ["Antoine de Saint-Exupéry"], []),
    ("Cien años de soledad", "es", "novel", 1967, 501, ["Gabriel García Márquez"], []),
    ("Don Quijote de la Mancha", "es", "novel", 1605, 1345, ["Miguel de Cervantes"], []),
    ("Die Verwandlung", "de", "novel", 1915, 96, ["Franz Kafka"], []),
    ("Faust", "de", "drama", 1808, 300, ["Johann Wolfgang von Goethe"], []),
    ("Ulysses", "en", "novel", 1922, 732, ["James Joyce"], []),
    ("Good Omens", "en", "fantasy", 1990, 288, ["Terry Pratchett", "Neil Gaiman"], []),
    ("Beloved", "en", "novel", 1987, 324, ["Toni Morrison"], []),
    ("红楼梦", "zh", "novel", 1791, 1606, ["曹雪芹", "高鹗"], []),
    ("西游记", "zh", "tales", 1592, 1194, ["吴承恩"], []),
    ("Ὀδύσσεια", "grc", "poetry", -700, 541, ["Ὅμηρος"], []),
    ("Ὀδύσσεια", "grc", "poetry", -700, 541, ["Ὅμηρος"], []),
    ("Ἰλιάς", "grc", "poetry", -700, 541, ["Ὅμηρος"], []),
    ("Ἀντιγόνη", "grc", "drama", -441, None, ["Σοφοκλῆς"], []),
    ("Τὰ εἰς ἑαυτόν", "grc", "philosophy", 180, None, ["Μάρκος Αὐρήλιος"], []),
    ("Os Lusíadas", "pt", "poetry", 1572, 480, ["Luís de Camões"], []),
    ("Ensaio sobre a Cegueira", "pt", "novel", 1995, 310, ["José Saramago"], []),
    ("Lalka", "pl", "novel", 1890, 912, ["Bolesław Prus"], []),
    ("Solaris", "pl", "science fiction", 1961, 304, ["Stanisław Lem"], []),
    ("Solaris", "en", "science fiction", 1970, 216, ["Stanisław Lem"],
     ["Joanna Kilmartin", "Steve Cox"]),
    ("The C Programming Language", "en", "computing", 1978, 228,
     ["Brian Kernighan", "Dennis Ritchie"], []),
    ("The C Programming Language", "en", "computing", 1988, 272,
     ["Brian Kernighan", "Dennis Ritchie"], []),
    ("Kinder- und Hausmärchen", "de", "tales", None, 446, ["Jacob Grimm", "Wilhelm Grimm"], []),
    ("Kinder- und Hausmärchen", "de", "tales", None, 418, ["Jacob Grimm", "Wilhelm Grimm"], []),
    ("Introduction to Algorithms", "en", "computing", 1990, 1028,
     ["Thomas Cormen", "Charles Leiserson", "Ron Rivest"], []),
    ("Persepolis", "fr", "comic", 2000, None, ["Marjane Satrapi"], []),
    ("Things Fall Apart", "en", "novel", 1958, 209, ["Chinua Achebe"], []),
    ("THE LEFT HAND OF DARKNESS", "en", "science fiction", 1969, 286, ["Ursula K. Le Guin"], []),
    ("Tao Te Ching", "en", "philosophy", 1997, 125, ["老子"], ["Ursula K. Le Guin"]),
    ("Collected Poems", "en", "poetry", 1960, 310, ["Edwin Muir"], []),
    ("The Trial", "en", "novel", 1937, 341, ["Franz Kafka"], ["Willa Muir", "Edwin Muir"]),
    ("The Trial", "en", "novel", 1998, 276, ["Franz Kafka"], ["Breon Mitchell"]),
    ("Crime and Punishment", "en", "novel", 1914, None, ["Фёдор Достоевский"],
     ["Constance Garnett"]),
    ("Anna Karenina", "en", "novel", 1901, 806, ["Лев Толстой"], ["Constance Garnett"]),
    ("Kokoro", "en", "novel", 1957, 248, ["夏目漱石"], ["Edwin McClellan"]),
    ("Momo", "de", "children", 1973, 272, ["Michael Ende"], []),
    ("Dune", "en", "science fiction", 1965, 412, ["Frank Herbert"], []),
    ("Middlemarch", "en", "novel", 1871, 904, ["George Eliot"], []),
    ("Il nome della rosa", "it", "novel", 1980, 500, ["Umberto Eco"], []),
    ("Kürk Mantolu Madonna", "tr", "novel", 1943, 160, ["Sabahattin Ali"], []),
    ("Theophilus North", "en", "novel", 1973, 374, ["Thornton Wilder"], []),
    ("The Third Policeman", "en", "novel", 1967, 200, ["Flann O'Brien"], []),
]  # fmt: skip
MEMBERS = [
    "Agnieszka Nowak", "Ahmed Benali", "Anaïs Girard", "Bilal Demir", "Carla Ruiz", "陈思远",
    "Darragh O'Connor", "Ekaterina Sokolova", "Emil Sørby", "Fatima Zahra Idrissi", "Georg Huber",
    "Hélène D'Aubigny", "伊藤 直美", "Ivana Horvat", "Jakob Weber", "Jean-Luc Petit", "김서연",
    "Katarzyna Wójcik", "Lars Nyström", "Leïla Mansour", "Маша Орлова", "Maria Silva",
    "Maria Silva", "Noah Becker", "نور الخطيب", "Oksana Bondar", "Paul Keller", "Rosa Marín",
    "Sven Öberg", "Tuğba Yılmaz", "Uwe Krämer", "Víctor Peña", "Wanjiru Kamau", "Yaël Cohen",
]  # fmt: skip
# Catalogued, but without a copy in most fillings.
UNOWNED = ("Ὀδύσσεια", "Ἰλιάς", "Cien años de soledad", "Il nome della rosa")
# Owned, but never asked for in any filling.
SHELVED = ("Kürk Mantolu Madonna", "Os Lusíadas", "Ensaio sobre a Cegueira")
TODAY = date(2024, 3, 1)
Row = tuple[object, ...]


def _books(rng: random.Random, variant: int) -> tuple[list[Row], list[Row], list[Row]]:
    shelf = list(BOOKS)
    if variant:
        # Every further filling lacks some books and knows other page counts.
        dropped = rng.sample(range(len(shelf)), 3 + variant)
        shelf = [book for number, book in enumerate(shelf) if number not in dropped]
        rng.shuffle(shelf)
    authors = list(AUTHORS)
    books: list[Row] = []
    links: list[Row] = []
    for number, (title, language, genre, year, pages, writers, translators) in enumerate(shelf, 1):
        if variant and pages is not None and title not in UNOWNED:
            pages = None if rng.random() < 0.1 else pages + rng.randint(-4, 4) * 2
        books.append((number, title, language, genre, year, pages))
        links += [(number, authors.index(name) + 1, "author") for name in writers]
        links += [(number, authors.index(name) + 1, "translator") for name in translators]
    return books, [(n, name, AUTHORS[name]) for n, name in enumerate(authors, 1)], links


def _copies(rng: random.Random, titles: list[str], variant: int) -> list[Row]:
    homes: list[tuple[int, int]] = []
    unowned = [n for n, title in enumerate(titles, 1) if title in UNOWNED and rng.random() < 0.9]
    books = [number for number in range(1, len(titles) + 1) if number not in unowned]
    everywhere = rng.sample(books, 3)
    for book in books:
        if book in everywhere:
            homes += [(book, branch) for branch in (1, 3, 4)]
        else:
            number = 1 if titles[book - 1] in SHELVED else rng.choice([0, 1, 1, 2])
            homes += [(book, rng.choice([1, 1, 3, 4])) for _ in range(number)]
    # What is left in the store of the closed branch: two open branches and the closed one.
    for book in rng.sample([book for book in books if book not in everywhere], 3):
        homes += [(book, 1), (book, rng.choice([3, 4]))] + ([(book, 2)] if variant != 2 else [])
    rows: list[Row] = []
    for number, (book, branch) in enumerate(homes, start=1):
        days = rng.randint(0, 1500)
        acquired = date(2019, 1, 1) + timedelta(days=days)
        if branch == 2:
            acquired = date(2016, 1, 1) + timedelta(days=days // 2)
        elif number % 9 == 0:
            acquired = date(2020, 1, 1)
        elif number % 9 == 4:
            acquired = date(2019, 12, 31)
        price = None if rng.random() < 0.25 else rng.choice([7.99, 9.5, 12, 12, 18.9, 24.95, 39])
        rows.append((number, book, branch, acquired.isoformat(), price))
    return rows


def _members(rng: random.Random, count: int, variant: int) -> list[Row]:
    names = rng.sample(MEMBERS, count)
    joined = sorted(date(2018, 1, 8) + timedelta(days=rng.randint(0, 1900)) for _ in range(count))
    joined[count // 2] = date(2020, 2, 29)
    joined.sort()
    rows: list[Row] = []
    for number, name in enumerate(names, start=1):
        born = date(1939, 4, 2) + timedelta(days=rng.randint(0, 25500))
        if number == 3:
            born = date(1960, 1, 1)
        elif number == 4:
            born = date(1989, 12, 31)
        elif number == 5:
            born = date(2000, 2, 29)
        sponsor = rng.randint(1, number - 1) if number > 2 and rng.random() < 0.6 else None
        joined_on = joined[number - 1].isoformat()
        rows.append((number, name, born.isoformat(), joined_on, sponsor))
    if variant in (1, 2):
        # Two members of the same name joined together, on the same recommendation.
        for number in (19, 20):
            born_on = rows[number - 1][2]
            rows[number - 1] = (number, "Maria Silva", born_on, rows[17][3], 18)
    return rows


def _loans(
    rng: random.Random, copies: list[Row], members: list[Row], variant: int, fresh: list[object]
) -> list[Row]:
    # Members at the end of the list have never borrowed; some borrow far more than others.
    readers = [row[0] for row in members[:-3]]
    readers += readers[::4] * 3
    loans: list[tuple[date, object, object, date | None]] = []
    for copy in copies:
        if copy[2] == 2 or rng.random() < 0.2:
            continue
        day = date(2023, 5, 1) + timedelta(days=rng.randint(0, 120))
        for _ in range(rng.choice([1, 2, 3, 4])):
            length = rng.choice([0, 1, 6, 12, 20, 21, 21, 22, 30, 44])
            back = day + timedelta(days=length)
            out = back >= TODAY or rng.random() < 0.08
            loans.append((day, copy[0], rng.choice(readers), None if out else back))
            if out:
                break
            day = back + timedelta(days=rng.choice([0, 1, 5, 17, 40, rng.randint(66, 75)]))
            if day >= TODAY:
                break
    count = min([125, 100, 90, 105][variant], len(loans))
    loans = sorted(rng.sample(loans, count), key=lambda loan: (loan[0], loan[1]))
    # Two copies went out three weeks ago: one is due today, the other was due yesterday.
    gone = [loan[1] for loan in loans if loan[3] is None or loan[3] > date(2024, 2, 8)]
    idle = [copy[0] for copy in copies if copy[2] != 2 and copy[0] not in gone]
    for copy_id, day in zip(rng.sample(idle, 2), (date(2024, 2, 8), date(2024, 2, 9)), strict=True):
        loans.append((day, copy_id, rng.choice(readers), None))
    # A copy or two came back on the day they went out, went out again and then stood for months.
    lent = [loan[1] for loan in loans]
    walkers = rng.sample([copy_id for copy_id in idle if copy_id not in lent], 2 - variant % 2)
    for walker in walkers:
        for first, last in ((1, 1), (1, 11), (270, 280)):
            days = [date(2023, 5, 1) + timedelta(days=step) for step in (first, last)]
            loans.append((days[0], walker, rng.choice(readers), days[1]))
    loans += [(date(2024, 2, 20), copy_id, rng.choice(readers), None) for copy_id in fresh]
    # Slips from the reading desks are numbered in no order of time.
    tail = [loan for loan in loans if loan[1] in walkers]
    rng.shuffle(loans)
    loans.sort(key=lambda loan: tail.index(loan) + 1 if loan in tail else 0)
    rows: list[Row] = []
    for number, (day, copy_id, reader, returned) in enumerate(loans, start=1):
        due = day + timedelta(days=21)
        late = (returned - due).days if returned else 0
        fine = round(0.2 * late, 2) if late > 0 and rng.random() < 0.8 else 0
        if returned is None and due < date(2023, 9, 1):
            fine = 5  # charged for a copy that seems lost
        ended = returned.isoformat() if returned else None
        rows.append((number, copy_id, reader, day.isoformat(), due.isoformat(), ended, fine))
    return rows


def fill(rng: random.Random, variant: int) -> dict[str, list[Row]]:
    """Returns the rows of every table, parents first; variant 0 is the main filling."""
    books, authors, links = _books(rng, variant)
    copies = _copies(rng, [str(book[1]) for book in books], variant)
    shelved = [book[0] for book in books if book[1] in SHELVED]
    lendable = [copy for copy in copies if copy[1] not in shelved]
    # In one filling the Turkish book, if it is there, has gone out for the first time.
    turkish = [book[0] for book in books if book[2] == "tr"]
    fresh = [copy[0] for copy in copies if copy[1] in turkish]
    members = _members(rng, [34, 28, 30, 26][variant], variant)
    return {
        "branch": [(number, *row) for number, row in enumerate(BRANCHES, start=1)],
        "author": authors,
        "book": books,
        "book_author": links,
        "copy": copies,
        "member": members,
        "loan": _loans(rng, lendable, members, variant, fresh if variant == 3 else []),
    }
