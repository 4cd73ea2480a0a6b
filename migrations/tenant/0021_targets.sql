-- Targets: what a team, or the organization, has agreed a metric should be. A team without one of its own has that of the
-- team that it is part of, and else that of the organization. Names are compared byte by byte, as those of boards.
create table target (
    -- the team that agreed on it; empty of the organization
    team        text collate "C" not null,
    metric      text collate "C" not null,
    -- on which side of the value it is met
    bound       text not null check (bound in ('at_most', 'at_least')),
    -- in the metric's unit
    value       double precision not null,
    -- what was agreed, in words
    note        text not null,
    changed_at  timestamptz not null default now(),
    primary key (team, metric)
);
