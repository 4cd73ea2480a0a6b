-- Commits in the order of their times, for lists alone. A commit is looked up by the primary key; while statistics are
-- those of an almost empty table, the planner takes an index that begins with the repository for as good, and then reads
-- all commits of the repository for each. Only a statement with this condition can use the index.

drop index commit_committed_at;
create index commit_committed_at on commit (repository, committed_at) where committed_at > '-infinity';
