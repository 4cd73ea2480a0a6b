-- The projects that a team plans in: work items and sprints belong to it by these.
alter table team add column projects text[] not null default '{}';
