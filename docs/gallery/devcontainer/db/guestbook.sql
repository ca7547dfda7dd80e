CREATE TABLE entries (id integer AUTO_INCREMENT PRIMARY KEY, guest varchar(100) NOT NULL);
INSERT INTO entries (guest) VALUES ('ada'), ('bob');
