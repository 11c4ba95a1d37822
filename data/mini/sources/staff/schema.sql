CREATE TABLE department (
  department_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  city TEXT -- NULL for a fully remote department
);

CREATE TABLE employee (
  employee_id INTEGER PRIMARY KEY,
  full_name TEXT NOT NULL,
  email TEXT, -- NULL when none has been set up
  job_title TEXT NOT NULL,
  department_id INTEGER REFERENCES department (department_id), -- NULL for advisers
  manager_id INTEGER REFERENCES employee (employee_id), -- NULL at the top
  hired_on DATE NOT NULL,
  left_on DATE -- last working day; NULL while employed
);

CREATE TABLE salary (
  employee_id INTEGER NOT NULL REFERENCES employee (employee_id),
  valid_from DATE NOT NULL, -- valid until the employee's next entry; may lie in the future
  amount NUMERIC(10,2) NOT NULL, -- euros a year
  PRIMARY KEY (valid_from, employee_id)
);

CREATE TABLE project (
  project_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  department_id INTEGER NOT NULL REFERENCES department (department_id), -- who pays for it
  budget NUMERIC(10,2), -- euros; NULL when open-ended
  started_on DATE NOT NULL,
  ended_on DATE -- NULL while running
);

CREATE TABLE assignment (
  project_id INTEGER NOT NULL REFERENCES project (project_id),
  employee_id INTEGER NOT NULL REFERENCES employee (employee_id),
  role TEXT CHECK (role IN ('lead', 'member', 'adviser')), -- NULL when not agreed yet
  hours NUMERIC(7,2) NOT NULL, -- worked so far
  PRIMARY KEY (project_id, employee_id)
);

CREATE TABLE review (
  review_id INTEGER PRIMARY KEY,
  employee_id INTEGER NOT NULL REFERENCES employee (employee_id), -- who was reviewed
  reviewer_id INTEGER REFERENCES employee (employee_id), -- NULL for an anonymous review
  reviewed_on DATE NOT NULL,
  score INTEGER CHECK (score BETWEEN 1 AND 5) -- 5 is best; NULL while pending
);
