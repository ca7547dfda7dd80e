INSERT INTO accounts VALUES ('ada', 10000), ('bob', 2500);
