CREATE TABLE region (
  region_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  country TEXT NOT NULL,
  population INTEGER NOT NULL
);

CREATE TABLE operator (
  operator_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  head_office TEXT,
  founded_year INTEGER
);

CREATE TABLE plant (
  plant_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  region_id INTEGER NOT NULL REFERENCES region(region_id),
  operator_id INTEGER REFERENCES operator(operator_id), -- NULL for plants of the region itself
  fuel TEXT NOT NULL, -- 'wind', 'solar', 'hydro', 'pumped storage', 'gas', 'coal', 'biomass'
  capacity_mw NUMERIC(8,2) NOT NULL CHECK (capacity_mw > 0),
  commissioned_on DATE NOT NULL,
  decommissioned_on DATE -- NULL while in service
);

CREATE TABLE sensor (
  sensor_id INTEGER PRIMARY KEY,
  plant_id INTEGER NOT NULL REFERENCES plant(plant_id),
  quantity TEXT NOT NULL, -- 'power', 'temperature' or 'wind speed'
  unit TEXT NOT NULL, -- 'MW' or 'kW' for power, '°C', 'm/s'
  installed_on DATE
);

CREATE TABLE reading (
  sensor_id INTEGER NOT NULL REFERENCES sensor(sensor_id),
  read_at DATETIME NOT NULL, -- on the hour
  "values" REAL, -- in the sensor's unit; NULL where the transmission failed
  PRIMARY KEY (sensor_id, read_at)
);

CREATE TABLE outage (
  outage_id INTEGER PRIMARY KEY,
  plant_id INTEGER NOT NULL REFERENCES plant(plant_id),
  "from" DATETIME NOT NULL,
  "to" DATETIME, -- NULL while the outage lasts
  cause TEXT, -- NULL where it is not known
  planned BOOLEAN NOT NULL,
  CHECK ("to" > "from")
);

CREATE TABLE tariff (
  tariff_id INTEGER PRIMARY KEY,
  region_id INTEGER NOT NULL REFERENCES region(region_id),
  "from" DATETIME NOT NULL, -- the price holds from here, inclusive
  "to" DATETIME NOT NULL, -- up to here, exclusive
  eur_per_mwh NUMERIC(8,2) NOT NULL -- below zero when there is too much power
);
