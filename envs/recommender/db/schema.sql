CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, email text NOT NULL UNIQUE);
CREATE TABLE items (id int PRIMARY KEY, title text NOT NULL, topic int NOT NULL, popularity int NOT NULL);
CREATE TABLE likes (user_id int REFERENCES users, item_id int REFERENCES items, PRIMARY KEY (user_id, item_id));
CREATE TABLE clicks (id bigserial PRIMARY KEY, user_id int REFERENCES users, item_id int REFERENCES items);
