-- The index of work items in the order in which they were done: points of a scatter plot are read by it.
create index work_item_done_at on work_item (done_at, id) where done_at is not null and not deleted;
