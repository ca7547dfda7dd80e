CREATE TABLE products (id integer PRIMARY KEY, name text NOT NULL, cents integer NOT NULL);
INSERT INTO products VALUES (1, 'tea', 450), (2, 'coffee', 790), (3, 'cocoa', 620);
