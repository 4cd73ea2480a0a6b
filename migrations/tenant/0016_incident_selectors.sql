-- What incidents are part of at their sources (a Jira project, a PagerDuty service, a label, …), and which of these
-- are incidents of a service.
alter table incident add column selectors text[] not null default '{}';
create index incident_selectors on incident using gin (selectors);
-- Incidents from before know at least their service and repository, which mappings can name, too.
update incident set selectors = array_remove(array['service:' || lower(service), 'repository:' || repository], null);
alter table service add column incidents text[] not null default '{}';
create index service_incidents on service (name) where incidents <> '{}' and not deleted;
-- What the last attempt to collect a source went on past.
alter table source_state add column problems text[] not null default '{}';
