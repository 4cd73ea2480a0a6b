-- Incidents that name a commit as what caused them. There are few, and the engine asks for them with each service:
-- without an index of their own, it would look at all incidents each time.
create index incident_caused_by_commit on incident (caused_by_deployment)
    where caused_by_deployment ~ '^[0-9a-fA-F]{40}$';
