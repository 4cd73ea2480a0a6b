-- The span that a row comes from, if its trace is exported: a trace goes on from the event that changed something over the
-- computation of its services to those who follow what happens. `traceparent` is that of W3C Trace Context.

alter table invalidation add column traceparent text;
alter table computation_queue add column traceparent text;
alter table feed add column traceparent text;
