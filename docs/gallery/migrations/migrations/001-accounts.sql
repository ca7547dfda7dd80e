CREATE TABLE accounts (owner text PRIMARY KEY, cents bigint NOT NULL CHECK (cents >= 0));
