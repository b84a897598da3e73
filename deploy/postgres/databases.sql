-- Each owner of facts has a database of its own; the services make their tables.
CREATE DATABASE "data-access";
CREATE DATABASE dsm;
