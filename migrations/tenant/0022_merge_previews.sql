-- The commit that the default branch of a repository points to.
alter table repository add column default_branch_tip bytea;

-- The merges to the default branches of a service without deployments, and the lead times of the changes that they
-- brought: what a report offers as a preview, as if each merge were a deployment. They are no metric facts: exports
-- leave them out, and they are gone with the first deployment. Times are microseconds since 1970, oldest first.
create table merge_preview (
    service          text primary key,
    branches         text[] not null,
    merged_us        bigint[] not null,
    -- one element a change whose lead time is known, in both
    change_merged_us bigint[] not null,
    lead_time_us     bigint[] not null,
    -- older merges are left out
    truncated        boolean not null
);
