-- Several services in one repository: which folders a commit changes files in, which folders and which
-- deployments are a service's own; and who else wrote a commit, by its trailers.
alter table commit add column co_authors text[] not null default '{}', add column folders text[];
alter table service add column paths text[] not null default '{}', add column deployments text;
