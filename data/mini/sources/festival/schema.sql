CREATE TABLE director (
  director_id INTEGER PRIMARY KEY,
  full_name TEXT NOT NULL,
  native_name TEXT, -- the name in its own script, where that is not Latin
  country TEXT,
  born_on DATE
);

CREATE TABLE film (
  film_id INTEGER PRIMARY KEY,
  title TEXT NOT NULL, -- the original title
  english_title TEXT, -- NULL where the film has none
  director_id INTEGER NOT NULL REFERENCES director(director_id),
  co_director_id INTEGER REFERENCES director(director_id),
  country TEXT NOT NULL,
  language TEXT NOT NULL,
  runtime_min INTEGER, -- NULL for unfinished films
  released_on DATE NOT NULL,
  remake_of INTEGER REFERENCES film(film_id) -- the film of which this is a remake
);

CREATE TABLE venue (
  venue_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  city TEXT NOT NULL,
  seats INTEGER NOT NULL CHECK (seats > 0),
  open_air BOOLEAN NOT NULL
);

CREATE TABLE screening (
  screening_id INTEGER PRIMARY KEY,
  film_id INTEGER NOT NULL REFERENCES film(film_id),
  venue_id INTEGER NOT NULL REFERENCES venue(venue_id),
  starts_at DATETIME NOT NULL,
  UNIQUE (venue_id, starts_at)
);

CREATE TABLE ticket (
  ticket_id INTEGER PRIMARY KEY,
  screening_id INTEGER NOT NULL REFERENCES screening(screening_id),
  category TEXT NOT NULL CHECK (category IN ('full', 'reduced', 'press')),
  sold_on DATE NOT NULL,
  paid_eur NUMERIC(6,2) NOT NULL -- 0 for press tickets
);

CREATE TABLE "jury member" (
  "member id" INTEGER PRIMARY KEY,
  "full name" TEXT NOT NULL,
  country TEXT NOT NULL,
  "joined on" DATE NOT NULL
);

CREATE TABLE rating (
  member_id INTEGER NOT NULL REFERENCES "jury member"("member id"),
  film_id INTEGER NOT NULL REFERENCES film(film_id),
  score NUMERIC(3,1) CHECK (score BETWEEN 0 AND 10), -- NULL for an abstention
  PRIMARY KEY (member_id, film_id)
);

CREATE TABLE award (
  award_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  film_id INTEGER REFERENCES film(film_id), -- NULL where the award was not given
  prize_eur NUMERIC(9,2) -- NULL for awards without money
);
