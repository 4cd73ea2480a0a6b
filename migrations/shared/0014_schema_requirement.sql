-- Which migrations a program has to know, at least, to work with the schema as the newest program has made it. Each
-- migration writes what its program requires, and never less than what is here. A role of an older program that finds
-- migrations that it does not know starts if it knows these.
create table schema_requirement (
    migrations  text primary key check (migrations in ('shared', 'tenant')),
    known       bigint not null
);
