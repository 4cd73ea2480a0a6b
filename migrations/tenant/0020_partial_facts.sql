-- What the events of a thing stated of it, where each event states only a part: by field, the newest statement.
create table partial_fact (
    kind            text not null,
    id              text not null,
    stated          jsonb not null,
    primary key (kind, id)
);
