-- The five DORA metrics as set-based SQL over the facts, as a good hand would write them: a table for each step, with
-- statistics, windows and hash joins, nothing row by row. It knows less than the engine: it decides what a deployment
-- carried by time, not by reachability, and a rollback by a commit that was deployed before.
set local work_mem = '256MB';

create temp table production on commit drop as
select id, repository, sha, finished_at,
       lag(id) over line as previous,
       lag(finished_at) over line as previous_at,
       row_number() over (partition by repository, sha order by finished_at, id) as nth
from deployment
where outcome = 'success' and not deleted and environment ~* '^(prod(uction)?|live|prd)([-_/ ].*)?$'
window line as (partition by repository order by finished_at, id);
create index on production (repository, finished_at);
analyze production;

create temp table merged on commit drop as
select id, repository, merged_at, merge_sha, head_sha, commits, source_branch, reverts
from change where state = 'merged' and not deleted;
analyze merged;

create temp table begun on commit drop as
select m.id, min(k.authored_at) as first_at
from merged m cross join lateral unnest(m.commits || m.head_sha || m.merge_sha) as c (sha)
join commit k on k.repository = m.repository and k.sha = c.sha
group by m.id;
analyze begun;

-- The first deployment at or after each merge: going back in time, the last one that was seen.
create temp table carried on commit drop as
select change, repository, deployed_at
from (
    select change, repository,
           min(at) filter (where deployment is not null) over (
               partition by repository order by at desc, deployment nulls last rows unbounded preceding
           ) as deployed_at
    from (
        select repository, merged_at as at, id as change, null::text as deployment from merged
        union all
        select repository, finished_at, null, id from production
    ) moments
) seen
where change is not null and deployed_at is not null;
analyze carried;

create temp table deployed on commit drop as
select c.change, p.id as deployment, p.finished_at, p.previous, p.previous_at, b.first_at
from carried c
join production p on p.repository = c.repository and p.finished_at = c.deployed_at
left join begun b on b.id = c.change
where p.previous is not null;
analyze deployed;

create temp table failed on commit drop as
with blamed as (
    select i.resolved_at, coalesce(i.caused_by_deployment, near.id) as deployment
    from incident i
    left join service s on s.name = i.service
    left join lateral (
        select p.id from production p
        where p.repository = s.repositories[1] and p.finished_at <= i.detected_at
          and p.finished_at > i.detected_at - interval '24 hours'
        order by p.finished_at desc limit 1
    ) near on true
    where not i.deleted and not i.external_cause
)
select deployment, resolved_at as recovered_at from blamed where deployment is not null
union all
select previous, finished_at from production where nth > 1 and previous is not null
union all
select o.deployment, r.finished_at
from merged m join deployed r on r.change = m.id join deployed o on o.change = m.reverts
where r.finished_at <= o.finished_at + interval '24 hours'
union all
select d.previous, d.finished_at from merged m join deployed d on d.change = m.id
where m.source_branch ~* '^hotfix' and d.finished_at <= d.previous_at + interval '24 hours';
analyze failed;

with verdicts as (
    select p.id, p.finished_at, min(f.recovered_at) as recovered_at, count(f.deployment) > 0 as failed
    from production p left join failed f on f.deployment = p.id
    group by p.id, p.finished_at
),
repairs as (
    select id from production where nth > 1
    union
    select d.deployment from merged m join deployed d on d.change = m.id
    where m.source_branch ~* '^hotfix' or m.reverts is not null
)
select 'lead time ' || (select percentile_cont(0.5) within group (order by extract(epoch from finished_at - first_at))
                        from deployed where finished_at >= first_at)
union all select 'deployments ' || (select count(*) from production)
union all select 'failed ' || (select avg(failed::int) from verdicts)
union all select 'recovery ' || (select percentile_cont(0.5) within group (order by extract(epoch from recovered_at - finished_at))
                                 from verdicts where failed and recovered_at >= finished_at)
union all select 'rework ' || (select count(*) from repairs)::float / (select count(*) from production);
