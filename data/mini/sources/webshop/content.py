"""Fills the web shop: kitchen, tea, garden and paper goods sold across several countries."""

from __future__ import annotations

import random
from datetime import date, timedelta

CATEGORIES = [
    ("Kitchen", None),
    ("Garden", None),
    ("Paper & Ink", None),
    ("Knives", 1),
    ("Tea & Coffee", 1),
    ("Green Tea", 5),
    ("Hand Tools", 2),
    ("Seeds", 2),
    ("Notebooks", 3),
    ("Seasonal", None),
    ("Espresso Machines", 5),
]
PRODUCTS = [
    ("KIT-100", "Cast-Iron Skillet", 1, 39.9),
    ("KIT-101", "Copper Saucepan", 1, 50),
    ("KIT-102", "Baker's Peel", 1, 25),
    ("KIT-103", "Самовар «Тула»", 1, 189),
    ("KIT-104", "Dough Scraper", 1, 4.95),
    ("KNF-200", "包丁 Santoku 18 cm", 4, 119),
    ("KNF-201", "Couteau d'office", 4, 25),
    ("KNF-202", "Bread Knife", 4, 34.5),
    ("KNF-203", "Whetstone 1000/6000", 4, 42),
    ("KNF-204", "Oyster Knife", 4, 18.75),
    ("TEA-300", "Glass Teapot", 5, 29.95),
    ("TEA-301", "Earl Grey 100 g", 5, 9.99),
    ("TEA-302", "Café de Colombia 250 g", 5, 10),
    ("TEA-303", "Assam Tea 250 g", 5, 12.4),
    ("TEA-304", "شاي بالنعناع 50 g", 5, 6.2),
    ("TEA-305", "Milk Frother", 5, 18.75),
    ("GRN-310", "抹茶 Matcha Tea 30 g", 6, 25),
    ("GRN-311", "Sencha 100 g", 6, 14.9),
    ("GRN-312", "Dragon Well 龙井 50 g", 6, 22.8),
    ("GRN-313", "Sencha 100 g", 6, 11.5),
    ("GRD-400", "Watering Can 9 l", 2, 31),
    ("GRD-401", "Jute Twine", 2, 3.5),
    ("GRD-402", "Bird Bath", 2, 64.25),
    ("GRD-410", "Hori-Hori Trowel", 7, 36),
    ("GRD-411", "Felco Secateurs", 7, 50.9),
    ("GRD-412", "Dutch Hoe", 7, 27.3),
    ("GRD-420", "Tomato 'Cœur de Bœuf'", 8, 2.95),
    ("GRD-421", "Basil Genovese", 8, 2.95),
    ("GRD-422", "Подсолнух Giant", 8, 3.2),
    ("GRD-423", "Wildflower Mix (10 % clover)", 8, 5.5),
    ("PAP-500", "Iron Gall Ink", 3, 13.6),
    ("PAP-501", "Washi 和紙 Sheets", 3, 17),
    ("PAP-502", "Blotting Paper", 3, 4.95),
    ("PAP-503", "Fountain Pen Nº 5", 3, 119),
    ("PAP-510", "Dotted Notebook A5", 9, 14.9),
    ("PAP-511", "Steamed-Cotton Pad", 9, 8.4),
    ("PAP-512", "Año Nuevo Diary", 9, 19.99),
    ("PAP-513", "Gift Sample", 9, 0),
]
BUNDLES = [
    (1, 3),
    (11, 18),
    (14, 11),
    (24, 25),
    (31, 34),
    (17, 18),
    (27, 28),
    (17, 20),
    (18, 34),
    (20, 34),
]
CUSTOMERS = [
    ("Hanna Fuchs", "Germany"),
    ("Jonas Fuchs", "Germany"),
    ("Sabine Groß", "Austria"),
    ("Luc Moreau", "France"),
    ("Camille L'Hôte", "France"),
    ("Zoé Perrin", "France"),
    ("高橋 翔", "Japan"),
    ("小林 さくら", "Japan"),
    ("山本 大輔", "Japan"),
    ("Siobhán O'Neill", "Ireland"),
    ("Patrick Byrne", "Ireland"),
    ("Елена Смирнова", "Bulgaria"),
    ("Иван Петров", "Bulgaria"),
    ("Marta Kowalska", "Poland"),
    ("Piotr Żak", "Poland"),
    ("Carmen Ibáñez", "Spain"),
    ("Íñigo Etxeberria", "Spain"),
    ("يوسف المنصوري", "Morocco"),
    ("سلمى بناني", "Morocco"),
    ("Marco De Luca", "Italy"),
    ("Giulia Conti", "Italy"),
    ("Anna Müller", "Germany"),
    ("Anna Müller", "Austria"),
    ("Freja Sørensen", "Denmark"),
    ("Teehaus Morgenstern", "Germany"),
    ("Épicerie du Canal", "France"),
    ("Wiener Küche GmbH", "Austria"),
    ("Blumen & Co.", "Germany"),
    ("Blumen & Co.", "Austria"),
    ("Papeterie Dubois", "France"),
    ("京都文具店", "Japan"),
]
COUPONS = [
    ("WELCOME10", 10, "2023-01-01", None),
    ("SPRING5", 5, "2024-03-01", "2024-05-31"),
    ("LEAP29", 29, "2024-02-29", "2024-02-29"),
    ("TRADE15", 15, "2024-01-01", "2024-12-31"),
    ("XMAS12", 12.5, "2024-12-01", "2025-01-06"),
    ("FOREVER", 2.5, "2022-07-01", None),
    ("UNUSED20", 20, "2023-06-01", "2025-01-01"),
    ("MIDNIGHT", 25, "2025-01-01", "2025-01-31"),
    ("EARLYBIRD", 8, "2025-01-02", None),
    ("OLDYEAR", 7, "2023-01-01", "2024-12-31"),
]
NEVER_USED = ("UNUSED20", "MIDNIGHT", "EARLYBIRD", "OLDYEAR")
REASONS = ["damaged", "too late", "changed my mind", "Damaged", "wrong item"]
EDGE_MOMENTS = [
    "2023-12-31 23:59:10",
    "2024-01-01 00:00:00",
    "2024-02-29 12:29:00",
    "2024-03-31 22:15:00",
    "2024-04-01 06:00:00",
    "2024-12-31 23:30:00",
    "2025-01-01 00:05:00",
]
TRADE_NAMES = ("Teehaus", "Épicerie", "Wiener", "Blumen", "Papeterie", "京都")
EMPTY_ORDERS = 3
Row = tuple[object, ...]


def _coupons(rng: random.Random) -> list[Row]:
    # The never used ones have percentages of their own in every filling, all different.
    percentages = rng.sample([3, 6, 7, 8, 11, 18, 20, 22, 25, 30], len(NEVER_USED))
    fresh = dict(zip(NEVER_USED, percentages, strict=True))
    return [(code, fresh.get(code, percent), *days) for code, percent, *days in COUPONS]


def _customers(rng: random.Random, count: int, variant: int) -> list[Row]:
    chosen = rng.sample(CUSTOMERS, count)
    rows: list[Row] = []
    for number, (name, country) in enumerate(chosen, start=1):
        group = "trade" if name.startswith(TRADE_NAMES) else rng.choice(["retail"] * 4 + ["staff"])
        email: object = f"kunde{number}@mail.example"
        words = name.lower().replace("'", "").split()
        if name.isascii() and name.replace(" ", "").replace("'", "").isalpha():
            email = f"{words[0]}.{words[-1]}@mail.example"
        if rng.random() < 0.2:
            email = None
        if rng.random() < 0.2 and email is not None:
            email = str(email).upper()
        joined = date(2021, 3, 1) + timedelta(days=rng.randint(0, 1000))
        rows.append((number, name, email, country, group, joined.isoformat()))
    if variant == 2:
        # Two customers without orders share name and country.
        rows[-2:] = [(number, "Anna Müller", None, "Germany", "retail", "2023-11-30")
                     for number in (count - 1, count)]  # fmt: skip
    if variant == 3:
        # Three customers from one country, two of them of the same name.
        for position, name in ((0, "Carmen Ibáñez"), (3, "Carmen Ibáñez"), (6, "Íñigo Etxeberria")):
            row = rows[position]
            rows[position] = (row[0], name, row[2], "Spain", *row[4:])
    # Two pairs of customers share an address that differs only in capitals.
    for first, second in ((0, 1), (2, 3)):
        rows[first] = (*rows[first][:2], f"familie{first}@post.example", *rows[first][3:])
        rows[second] = (*rows[second][:2], f"Familie{first}@post.example", *rows[second][3:])
    return rows


def _products(rng: random.Random) -> list[Row]:
    rows: list[Row] = []
    for number, (sku, name, category, price) in enumerate(PRODUCTS, start=1):
        if rng.random() < 0.25 and price:
            price = round(price * rng.choice([0.9, 1.1, 1.25]), 2)
        stock = rng.choice([0, 0, -2, 1, 3, 8, 12, 25, 60, 140])
        rows.append((number, sku, name, category, price, stock, int(rng.random() < 0.2)))
    return rows


def _coupon_for(rng: random.Random, moment: str, group: object) -> str | None:
    usable = [
        code
        for code, _, first, last in COUPONS
        if first <= moment[:10] and (last is None or moment[:10] <= last) and code not in NEVER_USED
        and (code != "TRADE15" or group == "trade")
    ]  # fmt: skip
    return rng.choice(usable) if rng.random() < 0.45 else None


def _orders(rng: random.Random, count: int, customers: list[Row]) -> list[Row]:
    # The last customers have registered but never ordered; some order again and again.
    active = customers[:-3]
    eager = active + active[::3] * 2
    moments = list(EDGE_MOMENTS)
    while len(moments) < count:
        day = date(2023, 10, 1) + timedelta(days=rng.randint(0, 520))
        moments.append(f"{day.isoformat()} {rng.randint(6, 22):02d}:{rng.randint(0, 59):02d}:00")
    rows: list[Row] = []
    for number, moment in enumerate(moments, start=1):
        buyer = rng.choice(eager)
        status = rng.choice(["shipped"] * 6 + ["cancelled", "open"])
        coupon = _coupon_for(rng, moment, buyer[4])
        rows.append((number, buyer[0], moment, status, coupon, rng.choice([0, 4.9, 4.9, 7.5])))
    # A customer's first two orders reached us in the same second, one of them with a coupon.
    newcomer = active[-1][0]
    rows = [row for row in rows if row[1] != newcomer]
    for coupon in rng.sample(["WELCOME10", None], 2):
        rows.append((count + len(rows), newcomer, "2023-11-11 11:11:11", "shipped", coupon, 4.9))
    # Orders without lines: free replacements for retail customers, and one given up at once.
    retail = [row[0] for row in active if row[4] == "retail"]
    for replaced in ("2024-05-02", "2024-05-03"):
        rows.append((0, rng.choice(retail), f"{replaced} 09:00:00", "shipped", None, 6.25))
    rows.append((0, rng.choice(retail), "2024-07-19 20:41:00", "cancelled", None, 4.9))
    return [(number, *row[1:]) for number, row in enumerate(rows, start=1)]


def _lines(rng: random.Random, orders: list[Row], products: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for order in orders[:-EMPTY_ORDERS]:
        # The last products of the list have never been sold.
        picked = rng.sample(range(1, len(products) - 3), rng.choice([1, 1, 2, 3]))
        if rng.random() < 0.5:
            picked = list(rng.choice(BUNDLES)) + picked[:-2]
            if rng.random() < 0.2:
                picked.append(picked[1])  # one more of it, added later as a line of its own
        line = 0
        for product in picked:
            line += 1
            price = products[product - 1][4]
            assert isinstance(price, (int, float))
            if rng.random() < 0.15:
                price = round(price * 0.8, 2)
            rows.append((order[0], line, product, rng.choice([1, 1, 1, 2, 3, 5]), price))
        if rng.random() < 0.15:
            wrappings = rng.choice([1, 2])
            rows += [(order[0], line + extra, None, 1, 3.5) for extra in range(1, wrappings + 1)]
    return rows


def _refunds(rng: random.Random, count: int, orders: list[Row], lines: list[Row]) -> list[Row]:
    goods: dict[object, float] = {}
    for order_id, _, _, quantity, price in lines:
        assert isinstance(quantity, int) and isinstance(price, (int, float))
        goods[order_id] = goods.get(order_id, 0) + quantity * price
    rows: list[Row] = []
    for number in range(1, count + 1):
        order = rng.choice(orders[3:-9] if number % 4 else orders[:3])
        # The first orders are refunded piecemeal, the others once.
        share = rng.choice([1, 0.5, 0.5, 0.3] if number % 4 else [0.3, 0.25, 0.2])
        day = date.fromisoformat(str(order[2])[:10]) + timedelta(days=rng.choice([3, 9, 14, 15]))
        amount = round(goods[order[0]] * share, 2)
        reason: str | None = rng.choice([*REASONS, None])
        if number > count - 2:
            order, amount, reason = orders[5], 5, None  # gestures of goodwill to one customer
        rows.append((number, order[0], day.isoformat(), amount, reason))
    return rows


def fill(rng: random.Random, variant: int) -> dict[str, list[Row]]:
    """Returns the rows of every table, parents first; variant 0 is the main filling."""
    customers = _customers(rng, [31, 26, 28, 24][variant], variant)
    products = _products(rng)
    orders = _orders(rng, [85, 60, 75, 66][variant], customers)
    lines = _lines(rng, orders, products)
    return {
        "category": [(number, *row) for number, row in enumerate(CATEGORIES, start=1)],
        "product": products,
        "customer": customers,
        "coupon": _coupons(rng),
        "order": orders,
        "order_line": lines,
        "refund": _refunds(rng, [24, 18, 22, 20][variant], orders, lines),
    }
