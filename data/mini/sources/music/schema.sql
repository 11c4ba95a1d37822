CREATE TABLE genre (
  genre_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  parent_id INTEGER REFERENCES genre(genre_id) -- the wider genre; NULL at the top
);

CREATE TABLE artist (
  artist_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  country TEXT, -- NULL where the artist does not tell
  formed_year INTEGER
);

CREATE TABLE album (
  album_id INTEGER PRIMARY KEY,
  artist_id INTEGER NOT NULL REFERENCES artist(artist_id),
  title TEXT NOT NULL,
  released_on DATE NOT NULL,
  label TEXT -- NULL for self-released albums
);

CREATE TABLE track (
  track_id INTEGER PRIMARY KEY,
  album_id INTEGER NOT NULL REFERENCES album(album_id),
  track_number INTEGER NOT NULL,
  title TEXT NOT NULL,
  genre_id INTEGER REFERENCES genre(genre_id),
  language TEXT, -- NULL for instrumental tracks
  duration_s INTEGER NOT NULL CHECK (duration_s > 0), -- seconds
  UNIQUE (album_id, track_number)
);

CREATE TABLE listener (
  listener_id INTEGER PRIMARY KEY,
  user_name TEXT NOT NULL UNIQUE,
  country TEXT NOT NULL,
  joined_on DATE NOT NULL,
  subscription TEXT NOT NULL CHECK (subscription IN ('free', 'student', 'family', 'premium'))
);

CREATE TABLE playlist (
  playlist_id INTEGER PRIMARY KEY,
  owner_id INTEGER NOT NULL REFERENCES listener(listener_id),
  name TEXT NOT NULL,
  created_on DATE NOT NULL
);

CREATE TABLE playlist_track (
  playlist_id INTEGER NOT NULL REFERENCES playlist(playlist_id),
  position INTEGER NOT NULL, -- counts from 1; a track may stand at several positions
  track_id INTEGER NOT NULL REFERENCES track(track_id),
  PRIMARY KEY (playlist_id, position)
);

CREATE TABLE listen (
  listen_id INTEGER PRIMARY KEY,
  listener_id INTEGER NOT NULL REFERENCES listener(listener_id),
  track_id INTEGER NOT NULL REFERENCES track(track_id),
  started_at DATETIME NOT NULL,
  played_s INTEGER NOT NULL CHECK (played_s >= 0) -- seconds really played
);
