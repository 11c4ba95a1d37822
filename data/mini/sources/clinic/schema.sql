CREATE TABLE department (
  department_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  floor INTEGER NOT NULL, -- 0 is the ground floor, negative below ground
  bed_count INTEGER NOT NULL CHECK (bed_count >= 0) -- 0 for purely outpatient departments
);

CREATE TABLE doctor (
  doctor_id INTEGER PRIMARY KEY,
  full_name TEXT NOT NULL,
  specialty TEXT NOT NULL,
  department_id INTEGER REFERENCES department (department_id), -- NULL for a locum
  supervisor_id INTEGER REFERENCES doctor (doctor_id), -- NULL for a head of service
  hired_on DATE NOT NULL
);

CREATE TABLE patient (
  patient_id INTEGER PRIMARY KEY,
  family_name TEXT NOT NULL,
  given_name TEXT NOT NULL,
  birth_date DATE NOT NULL,
  sex TEXT CHECK (sex IN ('F', 'M')), -- NULL when not recorded
  city TEXT, -- NULL when not on file
  insurer TEXT -- NULL for a self-paying patient
);

CREATE TABLE appointment (
  appointment_id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patient (patient_id),
  doctor_id INTEGER NOT NULL REFERENCES doctor (doctor_id),
  scheduled_at DATETIME NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('booked', 'completed', 'cancelled', 'no-show')),
  fee NUMERIC(8,2) -- euros; NULL when nothing was billed, 0 when waived
);

CREATE TABLE admission (
  admission_id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patient (patient_id),
  department_id INTEGER NOT NULL REFERENCES department (department_id),
  admitted_on DATE NOT NULL,
  discharged_on DATE, -- NULL while the patient is still in
  CHECK (discharged_on >= admitted_on)
);

CREATE TABLE prescription (
  prescription_id INTEGER PRIMARY KEY,
  appointment_id INTEGER NOT NULL REFERENCES appointment (appointment_id),
  drug TEXT NOT NULL, -- as typed by the doctor, capitals vary
  dose NUMERIC(8,2) NOT NULL, -- a single dose
  dose_unit TEXT NOT NULL CHECK (dose_unit IN ('mcg', 'mg', 'g')),
  doses_per_day INTEGER NOT NULL,
  days INTEGER -- NULL for an open-ended prescription
);

CREATE TABLE lab_result (
  result_id INTEGER PRIMARY KEY,
  patient_id INTEGER NOT NULL REFERENCES patient (patient_id),
  test_name TEXT NOT NULL,
  taken_on DATE NOT NULL,
  value NUMERIC(8,2), -- NULL while pending
  unit TEXT NOT NULL,
  reference_low NUMERIC(8,2), -- NULL when there is no lower limit
  reference_high NUMERIC(8,2) -- NULL when there is no upper limit
);
