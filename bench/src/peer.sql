-- The five DORA metrics in one pass of set-based SQL over the facts, as a good hand would write them: windows and
-- hash joins, nothing row by row. It knows less than the engine: it tells what a deployment carried by time, not by
-- reachability, and a rollback by a commit that was deployed before.
with production as materialized (
    select id, repository, sha, finished_at,
           lag(id) over line as previous,
           lag(finished_at) over line as previous_at,
           lead(finished_at) over line as next_at,
           row_number() over (partition by repository, sha order by finished_at, id) as nth
    from deployment
    where outcome = 'success' and not deleted and environment ~* '^(prod(uction)?|live|prd)([-_/ ].*)?$'
    window line as (partition by repository order by finished_at, id)
),
merged as materialized (
    select id, repository, merged_at, merge_sha, head_sha, commits, source_branch, reverts, title
    from change where state = 'merged' and not deleted
),
begun as materialized (
    select m.id, min(k.authored_at) as first_at
    from merged m cross join lateral unnest(m.commits || m.head_sha || m.merge_sha) as c (sha)
    join commit k on k.repository = m.repository and k.sha = c.sha
    group by m.id
),
moments as (
    select repository, merged_at as at, id as change, null::text as deployment from merged
    union all
    select repository, finished_at, null, id from production
),
carried as materialized (
    select change, min(at) filter (where deployment is not null) over later as deployed_at, repository
    from moments
    window later as (partition by repository order by at, deployment nulls first
                     rows between current row and unbounded following)
),
deployed as materialized (
    select c.change, p.id as deployment, p.finished_at, p.previous, p.previous_at, b.first_at
    from carried c
    join production p on p.repository = c.repository and p.finished_at = c.deployed_at
    left join begun b on b.id = c.change
    where c.change is not null and p.previous is not null
),
blamed as (
    select i.id, i.resolved_at,
           coalesce(i.caused_by_deployment,
                    (select p.id from production p
                     where p.repository = s.repositories[1] and p.finished_at <= i.detected_at
                       and p.finished_at > i.detected_at - interval '24 hours'
                     order by p.finished_at desc limit 1)) as deployment
    from incident i left join service s on s.name = i.service
    where not i.deleted and not i.external_cause
),
failed as (
    select deployment, resolved_at as recovered_at from blamed where deployment is not null
    union all
    select previous, finished_at from production where nth > 1 and previous is not null
    union all
    select o.deployment, r.finished_at
    from merged m join deployed r on r.change = m.id join deployed o on o.change = m.reverts
    where r.finished_at <= o.finished_at + interval '24 hours'
    union all
    select d.previous, d.finished_at from merged m join deployed d on d.change = m.id
    where m.source_branch ~* '^hotfix' and d.finished_at <= d.previous_at + interval '24 hours'
),
verdicts as (
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
