CREATE TABLE branch (
    branch_id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    city TEXT NOT NULL,
    parent_branch_id INTEGER REFERENCES branch (branch_id)  -- NULL for a head office
);

CREATE TABLE client (
    client_id INTEGER PRIMARY KEY,
    full_name TEXT NOT NULL,
    email TEXT,
    birth_date DATE,  -- NULL for companies
    country TEXT NOT NULL,
    joined_on DATE NOT NULL
);

CREATE TABLE account (
    account_id INTEGER PRIMARY KEY,
    iban TEXT NOT NULL UNIQUE,
    branch_id INTEGER NOT NULL REFERENCES branch (branch_id),
    kind TEXT NOT NULL CHECK (kind IN ('current', 'savings', 'business')),
    opened_on DATE NOT NULL,
    closed_on DATE,
    overdraft_cents INTEGER NOT NULL CHECK (overdraft_cents >= 0)  -- how far below zero it may go
);

CREATE TABLE account_owner (
    account_id INTEGER NOT NULL REFERENCES account (account_id),
    client_id INTEGER NOT NULL REFERENCES client (client_id),
    role TEXT NOT NULL CHECK (role IN ('primary', 'joint')),
    PRIMARY KEY (account_id, client_id)
);

CREATE TABLE account_entry (
    entry_id INTEGER PRIMARY KEY,  -- need not follow the order of booking
    account_id INTEGER NOT NULL REFERENCES account (account_id),
    booked_at DATETIME NOT NULL,
    amount_cents INTEGER NOT NULL,  -- positive in, negative out, 0 for a mere notice
    kind TEXT NOT NULL,  -- salary, transfer, card, fee, interest, cash, notice
    counterparty TEXT,
    memo TEXT
);

CREATE TABLE loan (
    loan_id INTEGER PRIMARY KEY,
    client_id INTEGER NOT NULL REFERENCES client (client_id),
    branch_id INTEGER NOT NULL REFERENCES branch (branch_id),
    principal_cents INTEGER NOT NULL,
    rate_pct NUMERIC(5,3),  -- interest a year; NULL while not yet agreed
    granted_on DATE NOT NULL,
    months INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'repaid', 'default'))
);

CREATE TABLE card (
    card_id INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (account_id),
    client_id INTEGER NOT NULL REFERENCES client (client_id),  -- who carries it: an owner or not
    kind TEXT NOT NULL CHECK (kind IN ('debit', 'credit')),
    expires_on DATE NOT NULL,
    blocked BOOLEAN NOT NULL,
    daily_limit_cents INTEGER  -- NULL for no limit
);
