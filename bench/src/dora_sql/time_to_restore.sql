with restored as (
    select distinct i.id, i.lead_time_minutes
    from incidents i join project_mapping p on i.scope_id = p.row_id and p."table" = 'boards'
    where p.project_name in ('all') and i.created_date between FROM_TIME and TO_TIME
), ranked as (
    select *, percent_rank() over (order by lead_time_minutes) as ranks from restored
)
select max(lead_time_minutes) from ranked where ranks <= 0.5
