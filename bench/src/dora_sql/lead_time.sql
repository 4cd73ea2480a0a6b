with cycles as (
    select distinct r.id, m.pr_cycle_time
    from pull_requests r
         join project_pr_metrics m on m.id = r.id
         join project_mapping p on r.base_repo_id = p.row_id and p."table" = 'repos'
         join cicd_deployment_commits c on m.deployment_commit_id = c.id
    where p.project_name in ('all') and r.merged_date is not null and m.pr_cycle_time is not null
          and c.finished_date between FROM_TIME and TO_TIME
), ranked as (
    select *, percent_rank() over (order by pr_cycle_time) as ranks from cycles
)
select max(pr_cycle_time) from ranked where ranks <= 0.5
