select count(linked.cicd_deployment_id)
from (select id, created_date from incidents order by id limit 50) i
     left join lateral (
         select c.cicd_deployment_id, max(c.finished_date) as finished_date
         from cicd_deployment_commits c left join project_mapping p on c.cicd_scope_id = p.row_id
         where c.result = 'SUCCESS' and c.environment = 'PRODUCTION' and p."table" = 'cicd_scopes'
               and p.project_name = 'all'
         group by c.cicd_deployment_id
         having max(c.finished_date) <= i.created_date
         order by finished_date desc
         limit 1
     ) linked on true
