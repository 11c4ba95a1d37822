CREATE TABLE stadium (
    stadium_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    city TEXT NOT NULL,
    capacity INTEGER CHECK (capacity > 0)  -- seats and terraces; NULL where unknown
);

CREATE TABLE club (
    club_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    city TEXT NOT NULL,  -- where the club is based, which need not be where it plays
    founded INTEGER NOT NULL,
    stadium_id INTEGER REFERENCES stadium (stadium_id)  -- home ground; clubs may share one
);

CREATE TABLE player (
    player_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    nationality TEXT NOT NULL,
    birth_date DATE,
    position TEXT NOT NULL
        CHECK (position IN ('goalkeeper', 'defender', 'midfielder', 'forward')),
    club_id INTEGER REFERENCES club (club_id),  -- NULL for a player without a club
    shirt_no INTEGER,
    market_value INTEGER  -- euros; NULL where nobody has valued the player
);

CREATE TABLE fixture (
    fixture_id INTEGER PRIMARY KEY,
    season TEXT NOT NULL,  -- such as 2023/24
    round INTEGER NOT NULL,
    kickoff DATETIME NOT NULL,
    home_club_id INTEGER NOT NULL REFERENCES club (club_id),
    away_club_id INTEGER NOT NULL REFERENCES club (club_id),
    home_goals INTEGER,  -- both NULL until the match is played
    away_goals INTEGER,
    attendance INTEGER,  -- 0 behind closed doors, NULL where not reported
    referee TEXT,
    CHECK (home_club_id <> away_club_id),
    CHECK ((home_goals IS NULL) = (away_goals IS NULL)),
    UNIQUE (season, home_club_id, away_club_id)
);

CREATE TABLE goal (
    goal_id INTEGER PRIMARY KEY,
    fixture_id INTEGER NOT NULL REFERENCES fixture (fixture_id),
    player_id INTEGER NOT NULL REFERENCES player (player_id),
    for_club_id INTEGER NOT NULL REFERENCES club (club_id),  -- whose score the goal counted for
    minute INTEGER CHECK (minute BETWEEN 1 AND 99),  -- NULL where not noted
    is_own_goal BOOLEAN NOT NULL,
    is_penalty BOOLEAN NOT NULL
);

CREATE TABLE transfer (
    transfer_id INTEGER PRIMARY KEY,
    player_id INTEGER NOT NULL REFERENCES player (player_id),
    from_club_id INTEGER REFERENCES club (club_id),  -- NULL: from outside the league
    to_club_id INTEGER REFERENCES club (club_id),  -- NULL: to outside the league
    transferred_on DATE NOT NULL,
    fee INTEGER,  -- euros; 0 for a free transfer, NULL if undisclosed
    is_loan BOOLEAN NOT NULL
);
