"""Rows of the university database: invented people, plausible courses."""

from __future__ import annotations

import datetime
import random

_LECTURERS = [
    ("Marguerite Delacroix", "Mathematics"),
    ("Tobias Lindqvist", "Computer Science"),
    ("Nguyễn Thị Hương", "Biology"),
    ("Rosa Iglesias", "Humanities"),
    ("Piotr Zieliński", "Computer Science"),
    ("Aoife O'Connor", "Computer Science"),
    ("Samuel Adeyemi", "Mathematics"),
    ("Katharina Böhm", "Mathematics"),
    ("Farid Rahimi", "Biology"),
    ("Li Na", "Computer Science"),
    ("Jonas Weber", "Humanities"),
    ("Jonas Weber", "Biology"),
    ("Ekaterina Orlova", "Mathematics"),
    ("Hamish McLeod", "Humanities"),
    ("Chiara Fontana", "Humanities"),
    ("Dev Malhotra", "Computer Science"),
]
_ROOMS = [
    ("Curie Hall", "1.01"),
    ("Curie Hall", "1.02"),
    ("Curie Hall", "2.10"),
    ("Old Library", "A1"),
    ("Old Library", "A2"),
    ("Noether Wing", "101"),
    ("Noether Wing", "102"),
    ("Noether Wing", "201"),
    ("Boat House", "G"),
    ("Annexe", "1.01"),
]
_TERMS = [
    (1, "Autumn 2023", "2023-09-04", "2023-12-22"),
    (2, "Spring 2024", "2024-02-05", "2024-05-31"),
    (3, "Autumn 2024", "2024-09-02", "2024-12-20"),
    (4, "Spring 2025", "2025-02-03", "2025-05-30"),
    (5, "Autumn 2025", "2025-09-01", "2025-12-19"),
    (6, "Distance 2024/25", "2024-10-01", "2025-06-30"),
    (7, "Winter School 2025", "2025-01-13", "2025-02-03"),
    (8, "Spring 2026", "2026-02-02", "2026-05-29"),
]
# The first eighteen are in every filling, because questions and prerequisites name them.
_COURSES = [
    ("CS101", "Introduction to Programming", "Computer Science", 6),
    ("CS102", "Data Structures", "Computer Science", 6),
    ("CS201", "Algorithms", "Computer Science", 5),
    ("CS205", "Databases", "Computer Science", 5),
    ("CS210", "Computer Architecture", "Computer Science", 7),
    ("CS310", "Operating Systems", "Computer Science", 6),
    ("CS320", "Formal Languages", "Computer Science", 4),
    ("CS410", "Compiler Construction", "Computer Science", 8),
    ("MA101", "Calculus I", "Mathematics", 6),
    ("MA102", "Calculus II", "Mathematics", 6),
    ("MA110", "Linear Algebra", "Mathematics", 5),
    ("MA220", "Probability", "Mathematics", 4),
    ("MA330", "Big data in Statistics", "Mathematics", 5),
    ("BI101", "Cell Biology", "Biology", 6),
    ("BI210", "Genetics", "Biology", 5),
    ("BI305", "Handling of Field Data", "Biology", 3),
    ("HU100", "Academic Writing", "Humanities", 2),
    ("HU150", "Ethics of Big DATA", "Humanities", 3),
    ("CS330", "Machine Learning", "Computer Science", 6),
    ("CS340", "Computer Networks", "Computer Science", 5),
    ("CS299", "Reading Group", "Computer Science", 0),
    ("MA340", "Number Theory", "Mathematics", 4),
    ("MA350", "Metadata and Measurement", "Mathematics", 3),
    ("BI320", "Bioinformatics", "Biology", 6),
    ("BI330", "Marine Ecology", "Biology", 4),
    ("HU210", "Littérature française", "Humanities", 4),
    ("HU220", "日本文学入門", "Humanities", 4),
    ("HU230", "История искусства", "Humanities", 5),
]
_CORE_COURSES = 18
_PREREQUISITES = [
    ("CS102", "CS101"),
    ("CS201", "CS102"),
    ("CS201", "MA110"),
    ("CS205", "CS101"),
    ("CS310", "CS102"),
    ("CS310", "CS210"),
    ("CS320", "CS201"),
    ("CS410", "CS320"),
    ("CS410", "CS310"),
    ("CS330", "MA220"),
    ("CS330", "CS201"),
    ("CS340", "CS210"),
    ("MA102", "MA101"),
    ("MA220", "MA102"),
    ("MA330", "MA220"),
    ("MA330", "MA110"),
    ("MA340", "MA101"),
    ("BI210", "BI101"),
    ("BI305", "BI101"),
    ("BI320", "BI210"),
    ("BI320", "CS101"),
    ("HU150", "HU100"),
]
# The first three are in every filling.
_STUDENTS = [
    ("Mei", "Tanaka", "田中芽衣", "Japan"),
    ("Anna", "Kowalska", None, "Poland"),
    ("Anna", "Kowalska", None, "Poland"),
    ("Seán", "O'Brien", None, "Ireland"),
    ("Kenji", "Tanaka", "田中健二", "Japan"),
    ("Yuki", "Tanaka", "田中雪", "Brazil"),
    ("Wei", "Chen", "陈伟", "China"),
    ("Grace", "Chen", None, "Canada"),
    ("Mateus", "Silva", None, "Brazil"),
    ("Beatriz", "Silva", None, "Portugal"),
    ("Дмитрий", "Волков", "Дмитрий Волков", "Kazakhstan"),
    ("Layla", "Haddad", "ليلى حداد", "Lebanon"),
    ("Omar", "Haddad", "عمر حداد", "Jordan"),
    ("Léa", "Moreau", None, "France"),
    ("Lea", "Moreau", None, "Belgium"),
    ("Hugo", "Moreau", None, "France"),
    ("Björn", "Sørensen", None, "Denmark"),
    ("Priya", "Nair", "പ്രിയ നായർ", "India"),
    ("Arjun", "Nair", None, "India"),
    ("Eleni", "Papadaki", "Ελένη Παπαδάκη", "Greece"),
    ("Min-jun", "Kim", "김민준", "South Korea"),
    ("Ji-woo", "Kim", "김지우", "South Korea"),
    ("Daniel", "Kim", None, "Canada"),
    ("Zoë", "Vandenberg", None, "Netherlands"),
    ("Pieter", "Vandenberg", None, "Belgium"),
    ("Fatuma", "Otieno", None, "Kenya"),
    ("Brian", "Otieno", None, "Kenya"),
    ("Sofía", "Ramírez", None, "Mexico"),
    ("Diego", "Ramírez", None, "Chile"),
    ("Ivana", "Horvat", None, "Croatia"),
    ("Luka", "Horvat", None, "Croatia"),
    ("Noa", "Levi", "נועה לוי", "Israel"),
    ("Thabo", "Mokoena", None, "South Africa"),
    ("Emily", "D'Souza", None, "India"),
    ("Ahmet", "Yılmaz", None, "Turkey"),
    ("Elif", "Yılmaz", None, "Germany"),
    ("Chidi", "Okafor", None, "Nigeria"),
    ("Ngozi", "Okafor", None, "Nigeria"),
    ("Oliver", "Smith", None, "Ireland"),
    ("Olivia", "Smith", None, "Canada"),
    ("Oliver", "Smith", None, "Canada"),
    ("Jakub", "Novák", None, "Czechia"),
    ("Tereza", "Nováková", None, "Czechia"),
    ("Aisha", "Rahman", "আয়েশা রহমান", "Bangladesh"),
    ("Sunniva", "Dahl", None, "Norway"),
    ("Marek", "Dahl", None, "Denmark"),
]
_PROGRAMMES = ["Computer Science", "Mathematics", "Biology", "Liberal Arts"]
_MAIL_HOSTS = ["uni.example", "mail.example", "Uni.Example"]


def _lecturers(rng: random.Random) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    heads = {"Mathematics": 1, "Computer Science": 2, "Biology": 3, "Humanities": 4}
    for number, (name, department) in enumerate(_LECTURERS, 1):
        hired = datetime.date(rng.randint(2004, 2022), rng.randint(1, 12), rng.choice([1, 1, 15]))
        salary: float | None = rng.choice([58000, 61500.5, 64250, 67999.99, 72000, 72000, 81500.75])
        supervisor: int | None = heads[department]
        if number <= 4:
            # The university's head of teaching leads the three other heads.
            supervisor = None if number == 1 else 1
        elif rng.random() < 0.35:
            supervisor = rng.choice([int(str(r[0])) for r in rows if r[2] == department])
        if number > 5 and rng.random() < 0.2:
            salary = None
        rows.append((number, name, department, hired.isoformat(), salary, supervisor))
    return rows


def _students(rng: random.Random, variant: int) -> list[tuple[object, ...]]:
    people = _STUDENTS[:3] + rng.sample(_STUDENTS[3:], rng.randint(33, 37))
    leap_days = rng.sample(range(3, len(people)), 3)
    near_leap_days = rng.sample([n for n in range(3, len(people)) if n not in leap_days], 4)
    birthday_limits = rng.sample(
        [n for n in range(3, len(people)) if n not in leap_days + near_leap_days], 6
    )
    rows: list[tuple[object, ...]] = []
    for index, (given, family, native, country) in enumerate(people):
        entry = rng.choice([2021, 2022, 2022, 2023, 2023, 2024])
        age = rng.choice([17, 18, 18, 19, 20, 24])
        born = datetime.date(entry - age, rng.randint(1, 12), rng.randint(1, 28))
        if index in leap_days:
            born = datetime.date(2004, 2, 29)
        elif index in near_leap_days:
            born = datetime.date(2004, *rng.choice([(2, 28), (3, 1), (3, 29), (1, 29)]))
        elif index in birthday_limits:
            # Turning 18 around 1 September of the year of entry.
            month, day = [(8, 31), (9, 1), (9, 2)][birthday_limits.index(index) % 3]
            born = datetime.date(entry - 18, month, day)
        email: str | None = None
        if rng.random() < 0.75:
            plain = f"{given}.{family}".encode("ascii", "ignore").decode().replace(" ", "")
            email = f"{plain.replace(chr(39), '').lower()}{index}@{rng.choice(_MAIL_HOSTS)}"
        programme = rng.choice(_PROGRAMMES)
        # Mei Tanaka keeps her number, by which she is asked for.
        number = 1000 + 7 * index + (variant if index else 0)
        rows.append(
            (number, given, family, native, born.isoformat(), country, programme, entry, email)
        )
    return rows


def _courses(rng: random.Random) -> list[tuple[object, ...]]:
    extra = rng.sample(range(_CORE_COURSES, len(_COURSES)), rng.randint(6, 9))
    chosen = list(range(_CORE_COURSES)) + sorted(extra)
    return [(number, *_COURSES[index]) for number, index in enumerate(chosen, 1)]


def _sections(
    rng: random.Random, courses: list[tuple[object, ...]], variant: int
) -> list[tuple[object, ...]]:
    departments = {row[0]: row[3] for row in courses}
    rows: list[tuple[object, ...]] = []
    for term_id, *_ in _TERMS[:7]:
        if term_id in (6, 7):
            # Basic courses only, so that they count as prerequisites.
            offered = rng.sample([1, 2, 9, 10, 11, 14], 4)
        elif term_id == 5:
            offered = [int(str(row[0])) for row in courses[:5]]
        else:
            offered = rng.sample([int(str(row[0])) for row in courses], 9)
            # The first course of all runs every term, in the autumn in two groups.
            offered = [1, *([1] if term_id in (1, 3) else []), *(c for c in offered if c != 1)]
            if term_id == 4:
                # A lecture and its lab, which a student may take together.
                offered = [2, 2, *(c for c in offered if c != 2)]
            if term_id in (1, 2) and 9 not in offered:
                offered.append(9)
        for course_id in offered:
            staff = [
                number
                for number, (_, department) in enumerate(_LECTURERS, 1)
                if department == departments[course_id]
            ]
            lecturer = None if rng.random() < 0.2 else rng.choice(staff)
            if variant == 1 and term_id == 3 and course_id == 1:
                lecturer = None
            room = None if rng.random() < 0.15 else rng.randint(1, 8)
            rows.append((len(rows) + 1, course_id, term_id, lecturer, room))
    return rows


def _enrolments(
    rng: random.Random,
    students: list[tuple[object, ...]],
    sections: list[tuple[object, ...]],
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    # One of the two Anna Kowalskas and some others have never enrolled.
    absent = {1, rng.randint(3, 12), rng.randint(13, 25), rng.randint(26, 34)}
    for index, student in enumerate(students):
        if index in absent:
            continue
        passed: set[object] = set()
        strength = rng.choice(["AAB", "AABBC", "BBCCD", "BCDF", "AABCDF"])
        for term_id, _, starts, _ in [*_TERMS[:3], _TERMS[5], _TERMS[6], _TERMS[3]]:
            if index != 0 and rng.random() < 0.3:
                continue
            offered = [row for row in sections if row[2] == term_id and row[1] not in passed]
            taken: set[object] = set()
            for row in rng.sample(offered, min(len(offered), rng.randint(1, 4))):
                if row[1] in taken:
                    continue
                taken.add(row[1])
                grade: str | None = rng.choice(strength)
                if rng.random() < 0.08 or (term_id == 4 and rng.random() < 0.85):
                    grade = None
                if grade is not None and grade != "F":
                    passed.add(row[1])
                day = datetime.date.fromisoformat(starts) - datetime.timedelta(rng.randint(-6, 20))
                rows.append((student[0], row[0], day.isoformat(), grade))
    labs = [row[0] for row in sections if row[1] == 2 and row[2] == 4]
    enrolled = {(row[0], row[1]) for row in rows}
    for student in students:
        if (student[0], labs[0]) in enrolled and rng.random() < 0.6:
            rows.append((student[0], labs[1], "2025-02-10", None))
    return rows


def _with_study_partner(
    students: list[tuple[object, ...]],
    courses: list[tuple[object, ...]],
    sections: list[tuple[object, ...]],
    enrolments: list[tuple[object, ...]],
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Lets the last student who never enrolled take all that the most successful one took."""
    credits_of = {row[0]: int(str(row[4])) for row in courses}
    course_of = {row[0]: row[1] for row in sections}
    earned: dict[object, int] = {}
    for student, section, _, grade in enrolments:
        if grade not in (None, "F"):
            earned[student] = earned.get(student, 0) + credits_of[course_of[section]]
    best = max(students, key=lambda row: earned.get(row[0], 0))
    partner = [row for row in students if row[0] not in {row[0] for row in enrolments}][-1]
    copied = [(partner[0], *row[1:]) for row in enrolments if row[0] == best[0]]
    changed = [(*row[:6], best[6], *row[7:]) if row == partner else row for row in students]
    return changed, [*enrolments, *copied]


def fill(rng: random.Random, variant: int) -> dict[str, list[tuple[object, ...]]]:
    """Rows of every table, parents before children; `variant` 0 is the main filling."""
    lecturers = _lecturers(rng)
    rooms: list[tuple[object, ...]] = [
        (number, building, door, rng.choice([4, 5, 6, 8, 12, 30]), int(rng.random() < 0.7))
        for number, (building, door) in enumerate(_ROOMS, 1)
    ]
    students = _students(rng, variant)
    courses = _courses(rng)
    ids = {row[1]: row[0] for row in courses}
    prerequisites: list[tuple[object, ...]] = [
        (ids[code], ids[required])
        for code, required in _PREREQUISITES
        if code in ids and required in ids and rng.random() < (1.0 if variant == 0 else 0.88)
    ]
    sections = _sections(rng, courses, variant)
    enrolments = _enrolments(rng, students, sections)
    if variant % 2 == 0:
        students, enrolments = _with_study_partner(students, courses, sections, enrolments)
    return {
        "lecturer": lecturers,
        "room": rooms,
        "term": list(_TERMS),
        "student": students,
        "course": courses,
        "prerequisite": prerequisites,
        "section": sections,
        "enrolment": enrolments,
    }
