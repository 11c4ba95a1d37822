CREATE TABLE lecturer (
  lecturer_id INTEGER PRIMARY KEY,
  full_name TEXT NOT NULL,
  department TEXT NOT NULL,
  hired_on DATE NOT NULL,
  salary NUMERIC(10,2) CHECK (salary > 0), -- euros a year; NULL for unpaid guests
  supervisor_id INTEGER REFERENCES lecturer(lecturer_id) -- NULL for heads
);

CREATE TABLE room (
  room_id INTEGER PRIMARY KEY,
  building TEXT NOT NULL,
  room_number TEXT NOT NULL,
  seats INTEGER NOT NULL CHECK (seats > 0),
  has_projector BOOLEAN NOT NULL
);

CREATE TABLE term (
  term_id INTEGER PRIMARY KEY,
  label TEXT NOT NULL UNIQUE, -- such as 'Autumn 2023'
  starts_on DATE NOT NULL UNIQUE,
  ends_on DATE NOT NULL
);

CREATE TABLE student (
  student_id INTEGER PRIMARY KEY,
  given_name TEXT NOT NULL,
  family_name TEXT NOT NULL,
  native_name TEXT, -- the full name in its own script, where that is not Latin
  born_on DATE NOT NULL,
  country TEXT NOT NULL,
  programme TEXT NOT NULL,
  entry_year INTEGER NOT NULL,
  email TEXT
);

CREATE TABLE course (
  course_id INTEGER PRIMARY KEY,
  code TEXT NOT NULL UNIQUE, -- such as 'CS101'
  title TEXT NOT NULL,
  department TEXT NOT NULL,
  credits INTEGER NOT NULL CHECK (credits >= 0)
);

CREATE TABLE prerequisite (
  course_id INTEGER NOT NULL REFERENCES course(course_id),
  required_course_id INTEGER NOT NULL REFERENCES course(course_id), -- to be passed before
  PRIMARY KEY (course_id, required_course_id)
);

CREATE TABLE section (
  section_id INTEGER PRIMARY KEY,
  course_id INTEGER NOT NULL REFERENCES course(course_id),
  term_id INTEGER NOT NULL REFERENCES term(term_id),
  lecturer_id INTEGER REFERENCES lecturer(lecturer_id), -- NULL while nobody is assigned
  room_id INTEGER REFERENCES room(room_id) -- NULL for online sections
);

CREATE TABLE enrolment (
  student_id INTEGER NOT NULL REFERENCES student(student_id),
  section_id INTEGER NOT NULL REFERENCES section(section_id),
  enrolled_on DATE NOT NULL,
  grade TEXT CHECK (grade IN ('A', 'B', 'C', 'D', 'F')), -- NULL while there is no result
  PRIMARY KEY (student_id, section_id)
);
