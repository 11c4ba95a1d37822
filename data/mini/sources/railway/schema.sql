CREATE TABLE station (
    station_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    city TEXT NOT NULL,
    country TEXT NOT NULL,
    opened_on DATE,
    platforms INTEGER NOT NULL,
    step_free BOOLEAN  -- 1 where every platform is reached without steps, NULL where unknown
);

CREATE TABLE line (
    line_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    operator TEXT NOT NULL,
    colour TEXT
);

CREATE TABLE "line stop" (
    line_stop_id INTEGER PRIMARY KEY,
    line_id INTEGER NOT NULL REFERENCES line (line_id),
    seq INTEGER NOT NULL,  -- 1 for the first station of the line; numbers may be left out
    station_id INTEGER NOT NULL REFERENCES station (station_id),
    km INTEGER NOT NULL,  -- distance from the start of the line
    UNIQUE (line_id, station_id)
);

CREATE TABLE train (
    train_id INTEGER PRIMARY KEY,
    train_no TEXT NOT NULL UNIQUE,
    line_id INTEGER NOT NULL REFERENCES line (line_id),
    category TEXT NOT NULL,  -- IC intercity, RE regional express, NJ night train
    seats INTEGER
);

CREATE TABLE timetable_stop (
    train_id INTEGER NOT NULL REFERENCES train (train_id),
    stop_no INTEGER NOT NULL,  -- 1, 2, 3, ... in the order of the journey
    station_id INTEGER NOT NULL REFERENCES station (station_id),
    arrival TEXT,  -- HH:MM; NULL at the first stop
    departure TEXT,  -- HH:MM; NULL at the last stop
    platform TEXT,
    PRIMARY KEY (train_id, stop_no)
);

CREATE TABLE train_run (
    run_id INTEGER PRIMARY KEY,
    train_id INTEGER NOT NULL REFERENCES train (train_id),
    run_date DATE NOT NULL,  -- the day of departure
    cancelled BOOLEAN NOT NULL,
    cancel_reason TEXT
);

CREATE TABLE delay (
    delay_id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES train_run (run_id),
    stop_no INTEGER NOT NULL,  -- the timetable stop of the train where it was noted
    minutes INTEGER NOT NULL,  -- negative where the train was early
    cause TEXT,
    UNIQUE (stop_no, run_id)
);

CREATE TABLE ticket (
    ticket_id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES train_run (run_id),
    from_station_id INTEGER NOT NULL REFERENCES station (station_id),
    to_station_id INTEGER NOT NULL REFERENCES station (station_id),
    passenger TEXT,  -- NULL for a ticket sold without a name
    travel_class INTEGER NOT NULL CHECK (travel_class IN (1, 2)),
    price NUMERIC(7,2) NOT NULL,  -- euros; 0 for staff, negative for a refund
    sold_at DATETIME NOT NULL
);
