CREATE TABLE station (
    station_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,  -- as written in the country itself; two stations may share a name
    country TEXT NOT NULL,
    latitude REAL NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude REAL NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    elevation_m INTEGER,  -- metres above sea level; NULL where never surveyed
    opened_on DATE NOT NULL,
    closed_on DATE,  -- NULL while the station is open
    reference_station_id INTEGER REFERENCES station (station_id)  -- whose readings check this one's
);

CREATE TABLE technician (
    technician_id INTEGER PRIMARY KEY,
    full_name TEXT NOT NULL,
    home_country TEXT NOT NULL
);

CREATE TABLE instrument (
    instrument_id INTEGER PRIMARY KEY,
    station_id INTEGER NOT NULL REFERENCES station (station_id),
    kind TEXT NOT NULL,  -- thermometer, barometer, anemometer, rain gauge, ...
    maker TEXT NOT NULL,
    serial_no TEXT,
    installed_on DATE NOT NULL,
    removed_on DATE  -- NULL while the instrument is mounted
);

CREATE TABLE maintenance (
    maintenance_id INTEGER PRIMARY KEY,
    instrument_id INTEGER NOT NULL REFERENCES instrument (instrument_id),
    technician_id INTEGER NOT NULL REFERENCES technician (technician_id),
    done_on DATE NOT NULL,
    cost NUMERIC(8,2),  -- euros; NULL where the invoice is missing, 0 under guarantee
    passed BOOLEAN NOT NULL,  -- 1 if the instrument was found in order
    remark TEXT
);

CREATE TABLE alert (
    alert_id INTEGER PRIMARY KEY,
    station_id INTEGER NOT NULL REFERENCES station (station_id),
    kind TEXT NOT NULL,  -- storm, heat, frost, snow, flood, avalanche
    level TEXT NOT NULL CHECK (level IN ('yellow', 'orange', 'red')),
    issued_at DATETIME NOT NULL,
    lifted_at DATETIME  -- NULL if the lifting was never recorded
);

CREATE TABLE daily_observation (
    observation_id INTEGER PRIMARY KEY,
    station_id INTEGER NOT NULL REFERENCES station (station_id),
    observed_on DATE NOT NULL,
    temp_min_c REAL,  -- degrees Celsius, 2 m above the ground
    temp_mean_c REAL,
    temp_max_c REAL,
    ground_min_c REAL,  -- lowest temperature 5 cm above the ground
    dew_point_c REAL,
    humidity_mean_pct INTEGER,
    humidity_min_pct INTEGER,
    precipitation_mm REAL,
    precipitation_hours REAL,
    fresh_snow_cm INTEGER,
    snow_depth_cm INTEGER,
    sunshine_h REAL,
    cloud_oktas INTEGER,  -- eighths of the sky, 0 clear to 8 overcast
    wind_mean_ms REAL,
    wind_gust_ms REAL,
    wind_direction_deg INTEGER,  -- 0 north, 90 east
    pressure_hpa REAL,  -- reduced to sea level
    visibility_km REAL,
    uv_index INTEGER,
    thunder BOOLEAN NOT NULL,
    fog BOOLEAN NOT NULL,
    quality TEXT NOT NULL CHECK (quality IN ('A', 'B', 'C')),  -- A checked, B plausible, C doubtful
    UNIQUE (observed_on, station_id)
);
