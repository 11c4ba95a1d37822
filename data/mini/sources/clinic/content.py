"""Fills the clinic database: a town hospital with patients from many countries."""

from __future__ import annotations

import random
from datetime import date, timedelta

DEPARTMENTS = [
    ("Cardiology", 3, 18),
    ("Emergency", 0, 12),
    ("Maternity", 4, 20),
    ("Neurology", 3, 14),
    ("Radiology", -1, 0),
    ("Dermatology", 1, 0),
    ("Internal Medicine", 2, 30),
    ("Paediatrics", 4, 16),
    ("Sleep Laboratory", -1, 4),
]
DOCTORS = [
    ("Amina Haddad", "cardiologist", "Cardiology"),
    ("Björn Lindqvist", "internist", "Internal Medicine"),
    ("Chiara D'Angelo", "paediatrician", "Paediatrics"),
    ("Dmitri Volkov", "neurologist", "Neurology"),
    ("Eleanor O'Hara", "emergency physician", "Emergency"),
    ("Farid Nazari", "internist", "Emergency"),
    ("Grace Okonkwo", "obstetrician", "Maternity"),
    ("Hiroshi Tanaka", "radiologist", "Radiology"),
    ("Inés Cabrera", "allergist", "Internal Medicine"),
    ("Jan Kowalczyk", "cardiologist", "Cardiology"),
    ("Klara Weiß", "neurologist", "Neurology"),
    ("Luís Azevedo", "paediatrician", "Paediatrics"),
    ("Mei Zhang", "obstetrician", "Maternity"),
    ("Nils Aaltonen", "internist", "Internal Medicine"),
    ("Olga Petrenko", "cardiologist", "Cardiology"),
    ("Priya Raman", "neurologist", "Neurology"),
    ("Quentin Lefèvre", "emergency physician", "Emergency"),
    ("Ruth Abebe", "radiologist", "Radiology"),
    ("Sam Whitlock", "internist", "Internal Medicine"),
    ("Tomáš Novák", "neurologist", "Neurology"),
]
# Family name, a woman's and a man's given names of the same background.
PEOPLE = [
    ("García", "Lucía", "Mateo"),
    ("O'Brien", "Aoife", "Seán"),
    ("Müller", "Greta", "Jürgen"),
    ("佐藤", "美咲", "健"),
    ("王", "丽", "伟"),
    ("Иванов", "Людмила", "Пётр"),
    ("الحسيني", "ليلى", "عمر"),
    ("Nguyễn", "Thảo", "Minh"),
    ("Łukasik", "Zofia", "Kacper"),
    ("Smith", "Mary", "John"),
    ("Østergaard", "Signe", "Anders"),
    ("Papadopoulos", "Ελένη", "Γιώργος"),
    ("D'Souza", "Maria", "Anthony"),
    ("Kaya", "Ayşe", "Emre"),
    ("Ferreira", "Beatriz", "João"),
    ("Dubois", "Élodie", "Théo"),
    ("김", "지은", "민수"),
    ("Smith", "Grace", "Oliver"),
    ("de Vries", "Sanne", "Daan"),
    ("Szabó", "Réka", "Bence"),
    ("Dubois", "Marie", "Gaël"),
    ("García", "Inés", "Álvaro"),
]
CITIES = ["Lyon", "Villeurbanne", "Bron", "Vénissieux", "Saint-Priest", "Écully"]
INSURERS = ["Mutuelle du Rhône", "AXA", "Allianz", "Helvetia"]
DRUGS: list[tuple[str, list[float], str]] = [
    ("Metformin", [500, 850, 1000], "mg"),
    ("Atorvastatin", [10, 20, 40], "mg"),
    ("Amoxicillin", [500, 750], "mg"),
    ("Paracetamol", [1, 0.5], "g"),
    ("Levothyroxine", [50, 75, 112], "mcg"),
    ("Ibuprofen", [200, 400], "mg"),
    ("Salbutamol", [100], "mcg"),
]
TESTS = [
    ("HbA1c", "%", 4, 5.7, 3.8, 9.9),
    ("Glucose", "mmol/L", 3.9, 5.6, 2.8, 11.5),
    ("Sodium", "mmol/L", 135, 145, 129, 149),
    ("CRP", "mg/L", None, 5, 0, 48),
    ("HDL", "mmol/L", 1, None, 0.6, 2.4),
    ("Potassium", "mmol/L", 3.5, 5.1, 3.1, 5.6),
]
LEAP_BIRTHDAYS = ["1948-02-29", "1976-02-29", "1996-02-29", "2012-02-29"]
EDGE_HIRING_DAYS = ["2015-01-01", "2018-12-31", "2014-12-31", "2019-01-01", "2016-09-01"]
EDGE_SLOTS = [
    "2023-12-31 18:45:00",
    "2024-01-01 08:00:00",
    "2024-02-29 10:30:00",
    "2024-12-31 17:30:00",
    "2025-01-01 09:15:00",
]
BILLING_GAP = "2024-08"  # a month in which nothing was billed
Row = tuple[object, ...]


def _day(rng: random.Random, first: date, last: date) -> date:
    return first + timedelta(days=rng.randint(0, (last - first).days))


def _doctors(rng: random.Random, count: int, variant: int) -> list[Row]:
    rows: list[Row] = []
    chosen = sorted(rng.sample(DOCTORS, count))
    hired = EDGE_HIRING_DAYS + ["2016-09-01"]
    hired += [_day(rng, date(2009, 1, 1), date(2023, 12, 1)).isoformat() for _ in range(count - 6)]
    rng.shuffle(hired)
    numbers = {name: number for number, (name, _, _) in enumerate(DEPARTMENTS, start=1)}
    for number, (name, specialty, home) in enumerate(chosen, start=1):
        # Every sixth doctor is a locum.
        department = None if number % 6 == 0 else numbers[home]
        supervisor = None if number in (1, 2, 6) else rng.randint(1, min(number - 1, 5))
        rows.append((number, name, specialty, department, supervisor, hired[number - 1]))
    if variant == 2:
        # Two new doctors of the same name who share their supervisor and their first day.
        twin = (*rows[-1][1:4], 3, "2016-09-01")
        rows[-2:] = [(count - 1, *twin), (count, *twin)]
    return rows


def _patients(rng: random.Random, count: int, variant: int) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, count + 1):
        sex = rng.choice(["F", "F", "M", "M", None])
        family, woman, man = rng.choice(PEOPLE)
        given = man if sex == "M" else woman
        born = _day(rng, date(1936, 1, 1), date(2022, 12, 31)).isoformat()
        if number <= len(LEAP_BIRTHDAYS):
            born = LEAP_BIRTHDAYS[number - 1]
        elif number == 5:
            born = "1990-02-28"
        elif number == 6:
            born = "2006-06-30"
        elif number == 7:
            born = "2006-07-01"
        city = rng.choice([*CITIES, CITIES[0], None])
        insurer = rng.choice([*INSURERS, None])
        rows.append((number, family, given, born, sex, city, insurer))
    if variant in (1, 3):
        # The first patient has been registered twice.
        rows[3] = (4, *rows[0][1:])
    # Two different people of the same name and sex.
    rows[-1] = (count, rows[0][1], rows[0][2], rows[-1][3], rows[0][4], *rows[-1][5:])
    return rows


def _appointments(rng: random.Random, count: int, doctors: int, patients: list[int]) -> list[Row]:
    rows: list[Row] = []
    slots = list(EDGE_SLOTS)
    for _ in range(count - len(slots)):
        day = _day(rng, date(2023, 9, 1), date(2025, 3, 31))
        clock = f"{rng.randint(8, 17):02d}:{rng.choice([0, 15, 30, 45]):02d}:00"
        slots.append(f"{day.isoformat()} {clock}")
    for number, slot in enumerate(slots, start=1):
        status = rng.choice(["completed"] * 5 + ["cancelled", "no-show", "no-show"])
        if slot >= "2025-03":
            status = "booked"
        fee: object = None
        if status == "completed":
            fee = rng.choice([28, 35.55, 52, 52, 60, 74.95, 120, 0, None])
        elif status == "no-show":
            fee = rng.choice([15, 15, None])
        if slot.startswith(BILLING_GAP):
            fee = None
        # The two last doctors on the list have not seen anybody.
        rows.append((number, rng.choice(patients), rng.randint(1, doctors - 2), slot, status, fee))
    return rows


def _admissions(rng: random.Random, variant: int, patients: list[int]) -> list[Row]:
    stays: list[tuple[int, int, date, date | None]] = []
    longest = rng.randint(34, 41)
    wards = [1, 2, 3, 4, 7, 8]
    for number in range([40, 32, 36, 30][variant]):
        arrived = _day(rng, date(2023, 6, 1), date(2024, 5, 31))
        length = longest if number < 2 else rng.choice([0, 0, 1, 2, 2, 3, 5, 8, 13, 21])
        left = None if number % 7 == 6 else arrived + timedelta(days=length)
        stays.append((rng.choice(patients), rng.choice(wards), arrived, left))
    # Returns exactly on, and one day past, the limit of thirty days, and one on the same day.
    for position, gap in enumerate([30, 31, 29, 0], start=2):
        patient, ward, _, left = stays[position]
        if left is not None:
            back = left + timedelta(days=gap)
            stays.append(
                (patient, rng.choice([ward, rng.choice(wards)]), back, back + timedelta(4))
            )
    stays.append((patients[0], 1, date(2024, 2, 29), date(2024, 3, 1)))
    stays.append((patients[3], 4, date(2024, 2, 20), date(2024, 2, 29)))
    stays.append((patients[4], 3, date(2024, 1, 1), None))
    stays.append((patients[5], 7, date(2023, 12, 31), None))
    stays.append((patients[1], 7, date(2024, 6, 1), None))
    stays.append((patients[2], 8, date(2024, 6, 30), None))
    if variant == 3:
        # A stay was opened twice by mistake.
        stays += [(patients[6], 8, date(2024, 2, 27), date(2024, 3, 4))] * 2
    # The paper forms were typed in later, in no order.
    rng.shuffle(stays)
    return [
        (number, patient, ward, arrived.isoformat(), left.isoformat() if left else None)
        for number, (patient, ward, arrived, left) in enumerate(stays, start=1)
    ]


def _prescriptions(rng: random.Random, count: int, appointments: list[Row]) -> list[Row]:
    completed = [row[0] for row in appointments if row[4] == "completed"]
    rows: list[Row] = []
    for number in range(1, count + 1):
        drug, doses, unit = rng.choice(DRUGS)
        dose = rng.choice(doses)
        if drug == "Levothyroxine" and rng.random() < 0.3:
            dose, unit = 0.1, "mg"
        if drug == "Amoxicillin" and rng.random() < 0.4:
            dose, unit = 1, "g"
        typed = rng.choice([drug, drug, drug, drug.lower(), drug.upper()])
        days = rng.choice([5, 6, 7, 7, 10, 14, 30, None])
        if drug == "Salbutamol":
            days = None  # an inhaler for as long as it is needed
        rows.append(
            (number, rng.choice(completed), typed, dose, unit, rng.choice([1, 2, 2, 3]), days)
        )
    # Somebody takes both metformin and atorvastatin, from two appointments where there are two.
    visits = [row for row in appointments if row[4] == "completed"]
    twice = next(row for row in visits if [other[1] for other in visits].count(row[1]) > 1)
    first, *_, last = [row[0] for row in visits if row[1] == twice[1]]
    rows[0] = (1, first, "Metformin", 850, "mg", 2, None)
    rows[1] = (2, last, "ATORVASTATIN", 20, "mg", 1, 30)
    # One appointment ended with two courses of the same drug.
    rows[-2] = (count - 1, completed[0], "amoxicillin", 500, "mg", 2, 7)
    rows[-1] = (count, completed[0], "Amoxicillin", 750, "mg", 2, 10)
    return rows


def _lab_results(rng: random.Random, count: int, patients: list[int]) -> list[Row]:
    rows: list[Row] = []
    for number in range(1, count + 1):
        test, unit, low, high, least, most = rng.choice([TESTS[0], *TESTS])
        value: object = round(rng.uniform(least, most), 1)
        chance = rng.random()
        if chance < 0.1:
            value = None
        elif chance < 0.25:
            value = rng.choice([limit for limit in (low, high) if limit is not None])
        taken = _day(rng, date(2023, 10, 1), date(2024, 6, 30)).isoformat()
        rows.append((number, rng.choice(patients), test, taken, value, unit, low, high))
    # Two patients had their HbA1c taken twice on their last day, with different values.
    for patient, value in ((patients[0], 6.1), (patients[2], 7.4)):
        for step in (0.0, 0.3):
            number = len(rows) + 1
            again = round(value + step, 1)
            rows.append((number, patient, "HbA1c", "2024-06-30", again, "%", 4, 5.7))
    return rows


def fill(rng: random.Random, variant: int) -> dict[str, list[Row]]:
    """Returns the rows of every table, parents first; variant 0 is the main filling."""
    doctor_count = [17, 15, 18, 16][variant]
    patient_count = [54, 40, 46, 36][variant]
    doctors = _doctors(rng, doctor_count, variant)
    patients = _patients(rng, patient_count, variant)
    # A third of the patients come again and again, a few have never come at all.
    everybody = list(range(1, patient_count - 3))
    regulars = everybody[::3]
    visitors = everybody + regulars * 3
    appointments = _appointments(rng, [130, 100, 110, 90][variant], doctor_count, visitors)
    return {
        "department": [(n, *row) for n, row in enumerate(DEPARTMENTS, start=1)],
        "doctor": doctors,
        "patient": patients,
        "appointment": appointments,
        "admission": _admissions(rng, variant, visitors),
        "prescription": _prescriptions(rng, [85, 70, 60, 75][variant], appointments),
        "lab_result": _lab_results(rng, [95, 80, 70, 85][variant], visitors),
    }
