-- Why a service could not be computed last: a fault of the engine, a row that can't be read, a setting. Null
-- where it could. What was computed before stays beside it.

alter table computation add column error text;
