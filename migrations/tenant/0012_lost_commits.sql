-- Commits that no branch and no tag reaches any more, and lists of directories that stand for more than they name.
alter table commit add column deleted boolean not null default false,
                   add column folders_truncated boolean not null default false;
create index commit_deleted on commit (repository, sha) where deleted;
-- lists were shortened above 200 directories, which so many files are in at least
update commit set folders_truncated = true where changed_files > 200 and folders is not null;
