"""Rows of the music database: invented artists, albums and the people who listen to them."""

from __future__ import annotations

import datetime
import random

_GENRES = [
    (1, "Electronic", None),
    (2, "Rock", None),
    (3, "Folk", None),
    (4, "Jazz", None),
    (5, "House", 1),
    (6, "Ambient", 1),
    (7, "Deep House", 5),
    (8, "Drone", 6),
    (9, "Indie Rock", 2),
    (10, "Post-Rock", 2),
    (11, "Fado", 3),
    (12, "Enka", 3),
    (13, "Bebop", 4),
    (14, "Chamber Pop", None),
]
# The first eight artists are in every filling.
_ARTISTS = [
    ("Harbour Lights", "Ireland", 1994),
    ("Nova", "Sweden", 2011),
    ("Nova", "United States", 2011),
    ("Les Réverbères", "France", 2003),
    ("Kaze no Michi", "Japan", 1996),
    ("Paper Tigers", "Canada", None),
    ("the paper tigers", "Australia", 2015),
    ("Miriam O'Dwyer", "Ireland", 2009),
    ("Сёстры Морозовы", "Russia", 1999),
    ("Ana Lúcia Prado", "Portugal", 1991),
    ("Quartz Committee", "Germany", 2008),
    ("夜行列車", "Japan", 2018),
    ("Sami Haddad Quartet", "Lebanon", 1982),
    ("Tundra Radio", "Finland", None),
    ("Glass Orchard", None, 2020),
    ("Mama Kesi", "Kenya", 2001),
    ("Unit 7", None, None),
    ("Ríos del Sur", "Argentina", 1979),
    ("Velvet Abacus", "Canada", 2005),
    ("Bram & the Dykes", "Netherlands", 1990),
]
_ALBUMS = [
    "Low Tide",
    "Cartes postales",
    "Concrete Summer",
    "月の裏側",
    "Greatest Hits",
    "Sämtliche Umwege",
    "Winter Kitchen",
    "Don't Wait Up",
    "Canções do cais",
    "Белая ночь",
    "Second Hand Weather",
    "Small Hours",
    "Live in Turku",
    "Kiosk",
    "A Map of Rain",
    "Terminal 2",
    "Les heures creuses",
    "Safari ya usiku",
    "Untitled",
    "Salt and Copper",
    "Echo Park, 4 a.m.",
    "untitled",
]
_TRACKS = [
    ("Intro", None),
    ("Intro", None),
    ("Lighthouse", "English"),
    ("Rendez-vous à Lille", "French"),
    ("La pluie", "French"),
    ("春の雨", "Japanese"),
    ("帰り道", "Japanese"),
    ("Fly Away", "English"),
    ("fly away", "English"),
    ("Saudade do Tejo", "Portuguese"),
    ("Maré alta", "Portuguese"),
    ("Дорога домой", "Russian"),
    ("Снег", "Russian"),
    ("Umweg", "German"),
    ("Kein Empfang", "German"),
    ("ليلة في بيروت", "Arabic"),
    ("Nyota", "Swahili"),
    ("Can't Stay", "English"),
    ("Interlude", None),
    ("Motorway, 3:15", "English"),
    ("Sous les tilleuls", "French"),
    ("Blue Kettle", "English"),
    ("Revontulet", "Finnish"),
    ("Drift", None),
    ("Glass", None),
    ("El tren de las once", "Spanish"),
    ("Corazón de papel", "Spanish"),
    ("Window Seat", "English"),
    ("Harvest (Reprise)", None),
    ("Somebody's Coat", "English"),
    ("Left on Read", "English"),
    ("Slow Elevator", None),
    ("Ghost Notes", "English"),
    ("海のうた", "Japanese"),
]
_LABELS = ["Northline Records", "Petit Bateau Disques", "Kumo Sound", "Brickyard", None]
_LISTENERS = [
    ("dj_marlow", "Ireland"),
    ("DJ Kestrel", "Canada"),
    ("anna.k", "Poland"),
    ("anna_kk", "Germany"),
    ("léo75", "France"),
    ("さくら_99", "Japan"),
    ("o'hara", "Ireland"),
    ("tomasz", "Poland"),
    ("night_owl", "Finland"),
    ("nightowl", "Finland"),
    ("bilal_h", "Lebanon"),
    ("Grünewald", "Germany"),
    ("iris", "Netherlands"),
    ("joao.p", "Portugal"),
    ("kwame", "Kenya"),
    ("мила", "Russia"),
    ("pat", "Canada"),
    ("vinyl only", "United States"),
    ("zsofi", "Hungary"),
    ("_", "France"),
    ("rio7", "Argentina"),
    ("小林", "Japan"),
]
_PLAYLISTS = [
    "Morning Run",
    "morning run",
    "Road trip",
    "Sunday Slow",
    "À écouter",
    "雨の日",
    "Focus",
    "Party",
    "Old & gold",
    "Empty for now",
    "Кухня",
    "Mum's favourites",
    "Focus",
]


def _albums(rng: random.Random, artists: int) -> list[tuple[object, ...]]:
    # The sixth, ninth, twelfth … artist never gets an album.
    makers = [n for n in range(1, artists + 1) if n % 3 != 0 or n == 3]
    rows: list[tuple[object, ...]] = [(1, 1, "Night Ferry", "1999-12-31", "Northline Records")]
    edges = ["1990-01-01", "1989-12-31", "2000-01-01", "1995-06-16", "1991-11-04", "2024-02-29"]
    # A collection of the first artist, and another one of the same name some years later.
    rows.append((2, 1, "Greatest Hits", "1998-10-05", None))
    rows.append((3, 1, "Greatest Hits", "2015-10-05", "Northline Records"))
    titles = rng.sample(_ALBUMS, rng.randint(15, 18))
    for number, title in enumerate(titles, 4):
        day = datetime.date(rng.randint(1985, 2024), rng.randint(1, 12), rng.randint(1, 28))
        released = edges[number - 4] if number - 4 < len(edges) else day.isoformat()
        rows.append((number, rng.choice(makers), title, released, rng.choice(_LABELS)))
    return rows


def _tracks(rng: random.Random, albums: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for album_id, _, album_title, _, _ in albums:
        count = 3 if album_id in (1, 2, 3) else rng.choice([0, 3, 4, 4, 5, 6])
        songs: list[tuple[str, str | None]] = rng.sample(_TRACKS, count)
        if songs and (album_id == 1 or rng.random() < 0.3):
            songs[0] = (str(album_title), rng.choice(["English", None]))
        home = rng.choice([1, 2, 3, 4, 5, 6, 9, 11])
        for position, (title, language) in enumerate(songs, 1):
            duration = rng.choice(
                [rng.randint(35, 110), rng.randint(140, 300), rng.randint(300, 410), 387, 241]
            )
            genre = rng.choice([home, home, rng.randint(1, 13), 7, 8, None])
            rows.append((len(rows) + 101, album_id, position, title, genre, language, duration))
    return rows


def _playlist_tracks(
    rng: random.Random, playlists: list[tuple[object, ...]], tracks: int
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for playlist, _, name, _ in playlists:
        count = 0 if playlist == 7 or name == "Empty for now" else rng.choice([1, 3, 5, 7, 8])
        songs = [rng.randint(101, 100 + tracks) for _ in range(count)]
        if count > 3 and rng.random() < 0.6:
            songs[-1] = songs[0]
        rows.extend((playlist, position, song) for position, song in enumerate(songs, 1))
    return rows


def _listens(
    rng: random.Random,
    tracks: list[tuple[object, ...]],
    listeners: int,
    own: dict[int, list[int]],
    variant: int,
) -> list[tuple[object, ...]]:
    plays: list[tuple[datetime.datetime, int, int, int]] = []
    favourites = rng.sample(range(101, 101 + len(tracks)), 12)
    first = datetime.datetime(2024, 1, 3, 6, 0)

    def play(listener: int, track: int) -> None:
        moment = first + datetime.timedelta(
            days=rng.choice([rng.randint(0, 119), rng.randint(0, 119), 57]),
            seconds=rng.randint(0, 86399),
        )
        if rng.random() < 0.12:
            hour, minute, second = rng.choice([(0, 0, 0), (5, 59, 59), (6, 0, 0), (23, 59, 59)])
            moment = moment.replace(hour=hour, minute=minute, second=second)
        length = int(str(tracks[track - 101][6]))
        seconds = min(length, rng.choice([0, 12, 29, 30, 31, length, length, length, length // 2]))
        plays.append((moment, listener, track, seconds))

    for listener in range(1, listeners + 1):
        # Two listeners never play anything.
        if listener in (8, 17):
            continue
        liked = rng.sample(favourites, 4)
        for _ in range(rng.choice([1, 4, 8, 10, 14])):
            play(listener, rng.choice([*liked, rng.randint(101, 100 + len(tracks))]))
    for listener in rng.sample([1, 2, 3, 5, 6, 9, 10], 3):
        for track in (101, 102, 103):
            play(listener, track)
    play(4, 101)
    play(4, 102)
    for owner, songs in sorted(own.items()):
        for song in songs:
            if owner not in (8, 17) and rng.random() < 0.3:
                play(owner, song)
    # Some of the most popular tracks tie.
    heard = [track for _, _, track, _ in plays]
    ranking = sorted(set(heard), key=lambda track: (-heard.count(track), track))
    upper = (1, 0, 1, 2)[variant]
    for _ in range(heard.count(ranking[upper]) - heard.count(ranking[upper + 1])):
        play(rng.choice([1, 2, 3, 6]), ranking[upper + 1])
    # Phones send in their listens late, so the numbers do not follow the time.
    rng.shuffle(plays)
    rows: list[tuple[object, ...]] = []
    for number, (moment, listener, track, seconds) in enumerate(plays, 1):
        rows.append((number, listener, track, moment.isoformat(" "), seconds))
    return rows


def fill(rng: random.Random, variant: int) -> dict[str, list[tuple[object, ...]]]:
    """Rows of every table, parents before children; `variant` 0 is the main filling."""
    band_names = _ARTISTS[:8] + rng.sample(_ARTISTS[8:], 9 + variant % 2)
    artists: list[tuple[object, ...]] = [(number, *row) for number, row in enumerate(band_names, 1)]
    albums = _albums(rng, len(artists))
    tracks = _tracks(rng, albums)
    people = _LISTENERS[:3] + rng.sample(_LISTENERS[3:], 15 + variant % 3)
    listeners: list[tuple[object, ...]] = []
    for number, (name, country) in enumerate(people, 1):
        joined = datetime.date(2020, 1, 1) + datetime.timedelta(rng.randint(0, 1400))
        if number % 9 == 0:
            joined = datetime.date(2020, 2, 29)
        kind = rng.choice(["free", "free", "student", "family", "premium"])
        if variant == 2 and (kind == "student" or number in (8, 17)):
            # Here the only students are the two who never listen.
            kind = "student" if number in (8, 17) else "family"
        listeners.append((number, name, country, joined.isoformat(), kind))
    playlists: list[tuple[object, ...]] = []
    for number, name in enumerate(rng.sample(_PLAYLISTS, 10 + variant % 3), 1):
        created = datetime.date(2023, 1, 1) + datetime.timedelta(rng.randint(0, 364))
        owner = 5 if name == "Focus" else rng.randint(1, 9)
        playlists.append((number, owner, name, created.isoformat()))
    entries = _playlist_tracks(rng, playlists, len(tracks))
    own: dict[int, list[int]] = {}
    for playlist_id, _, track_id in entries:
        owner = int(str(playlists[int(str(playlist_id)) - 1][1]))
        own.setdefault(owner, []).append(int(str(track_id)))
    return {
        "genre": list(_GENRES),
        "artist": artists,
        "album": albums,
        "track": tracks,
        "listener": listeners,
        "playlist": playlists,
        "playlist_track": entries,
        "listen": _listens(rng, tracks, len(listeners), own, variant),
    }
