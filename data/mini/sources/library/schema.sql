CREATE TABLE branch (
  branch_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  opened_on DATE NOT NULL,
  closed_on DATE -- NULL while the branch is open
);

CREATE TABLE author (
  author_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  birth_year INTEGER -- negative before Christ; NULL when unknown
);

CREATE TABLE book (
  book_id INTEGER PRIMARY KEY,
  title TEXT NOT NULL, -- in the language of the edition
  language TEXT NOT NULL, -- ISO code, such as en, fr, ja, ru, ar
  genre TEXT NOT NULL,
  published_year INTEGER, -- negative before Christ; NULL for an undated edition
  pages INTEGER -- NULL when not counted
);

CREATE TABLE book_author (
  book_id INTEGER NOT NULL REFERENCES book (book_id),
  author_id INTEGER NOT NULL REFERENCES author (author_id),
  role TEXT NOT NULL CHECK (role IN ('author', 'translator')),
  PRIMARY KEY (book_id, author_id, role)
);

CREATE TABLE copy (
  copy_id INTEGER PRIMARY KEY,
  book_id INTEGER NOT NULL REFERENCES book (book_id),
  branch_id INTEGER NOT NULL REFERENCES branch (branch_id),
  acquired_on DATE NOT NULL,
  price NUMERIC(8,2) -- NULL for a donation
);

CREATE TABLE member (
  member_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  born_on DATE NOT NULL,
  joined_on DATE NOT NULL,
  referred_by INTEGER REFERENCES member (member_id) -- NULL for those who came on their own
);

CREATE TABLE loan (
  loan_id INTEGER PRIMARY KEY,
  copy_id INTEGER NOT NULL REFERENCES copy (copy_id),
  member_id INTEGER NOT NULL REFERENCES member (member_id),
  lent_on DATE NOT NULL,
  due_on DATE NOT NULL,
  returned_on DATE, -- NULL while the copy is out
  fine NUMERIC(8,2) NOT NULL -- euros charged for lateness, 0 when none or waived
);
