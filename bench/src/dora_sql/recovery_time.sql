with deployed as (
    select c.cicd_deployment_id as deployment_id, max(c.finished_date) as finished_date
    from cicd_deployment_commits c
         join project_mapping p on c.cicd_scope_id = p.row_id and p."table" = 'cicd_scopes'
    where p.project_name in ('all') and c.result = 'SUCCESS' and c.environment = 'PRODUCTION'
    group by 1
    having max(c.finished_date) between FROM_TIME and TO_TIME
), recovered as (
    select i.id, extract(epoch from i.resolution_date - d.finished_date) / 60 as minutes
    from incidents i
         left join project_incident_deployment_relationships l on i.id = l.id
         join deployed d on l.deployment_id = d.deployment_id
    where i.resolution_date between FROM_TIME and TO_TIME
), ranked as (
    select *, percent_rank() over (order by minutes) as ranks from recovered
)
select max(minutes) from ranked where ranks <= 0.5
