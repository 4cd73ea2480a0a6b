with calendar as (
    select g::date as day from generate_series(FROM_TIME, TO_TIME, interval '1 day') g
), deployed as (
    select c.cicd_deployment_id, max(c.finished_date::date) as day
    from cicd_deployment_commits c
         join project_mapping p on c.cicd_scope_id = p.row_id and p."table" = 'cicd_scopes'
    where p.project_name in ('all') and c.result = 'SUCCESS' and c.environment = 'PRODUCTION'
    group by 1
), weekly as (
    select date_trunc('week', calendar.day) as week, count(distinct deployed.day) as days_deployed
    from calendar left join deployed on deployed.day = calendar.day
    group by 1
), ranked as (
    select *, percent_rank() over (order by days_deployed) as ranks from weekly
)
select max(days_deployed) from ranked where ranks <= 0.5
