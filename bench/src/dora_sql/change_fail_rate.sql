with deployed as (
    select c.cicd_deployment_id as deployment_id, max(c.finished_date) as finished_date
    from cicd_deployment_commits c
         join project_mapping p on c.cicd_scope_id = p.row_id and p."table" = 'cicd_scopes'
    where p.project_name in ('all') and c.result = 'SUCCESS' and c.environment = 'PRODUCTION'
    group by 1
    having max(c.finished_date) between FROM_TIME and TO_TIME
), failures as (
    select d.deployment_id, d.finished_date, count(distinct i.id) as incidents
    from deployed d
         left join project_incident_deployment_relationships l on d.deployment_id = l.deployment_id
         left join incidents i on l.id = i.id
    group by 1, 2
)
select count(*) filter (where incidents > 0)::float / count(deployment_id) from failures
