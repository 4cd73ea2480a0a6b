-- What says by its title that it reverts something. They are few: whether the title of a change matters to any verdict is
-- looked up here.
create index change_revert on change (repository) where title like 'Revert "%';
create index commit_revert on commit (repository) where subject like 'Revert "%';
