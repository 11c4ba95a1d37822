CREATE TABLE category (
  category_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  parent_id INTEGER REFERENCES category (category_id) -- NULL for a top-level category
);

CREATE TABLE product (
  product_id INTEGER PRIMARY KEY,
  sku TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  category_id INTEGER NOT NULL REFERENCES category (category_id),
  list_price NUMERIC(8,2) NOT NULL CHECK (list_price >= 0), -- euros
  stock INTEGER NOT NULL, -- negative when oversold
  discontinued BOOLEAN NOT NULL -- 1 when no longer offered
);

CREATE TABLE customer (
  customer_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT, -- as typed, capitals vary; NULL for telephone customers
  country TEXT NOT NULL,
  "group" TEXT NOT NULL CHECK ("group" IN ('retail', 'trade', 'staff')),
  joined_on DATE NOT NULL
);

CREATE TABLE coupon (
  code TEXT PRIMARY KEY,
  percent_off NUMERIC(5,2) NOT NULL,
  valid_from DATE NOT NULL,
  valid_until DATE -- last day; NULL for no end
);

CREATE TABLE "order" (
  order_id INTEGER PRIMARY KEY,
  customer_id INTEGER NOT NULL REFERENCES customer (customer_id),
  ordered_at DATETIME NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('open', 'shipped', 'cancelled')),
  coupon_code TEXT REFERENCES coupon (code), -- NULL when none was used
  shipping_fee NUMERIC(8,2) NOT NULL -- euros, 0 when free
);

CREATE TABLE order_line (
  order_id INTEGER NOT NULL REFERENCES "order" (order_id),
  line_number INTEGER NOT NULL,
  product_id INTEGER REFERENCES product (product_id), -- NULL for gift wrapping
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  "unit price" NUMERIC(8,2) NOT NULL, -- euros, as charged
  PRIMARY KEY (order_id, line_number)
);

CREATE TABLE refund (
  refund_id INTEGER PRIMARY KEY,
  order_id INTEGER NOT NULL REFERENCES "order" (order_id),
  refunded_on DATE NOT NULL,
  amount NUMERIC(8,2) NOT NULL, -- euros
  reason TEXT -- NULL when the customer gave none
);
