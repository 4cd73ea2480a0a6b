-- Until when what arrived in the log was searched for erased and pseudonymized people; null where it never was.
alter table pseudonym_key add column reapplied_at timestamptz;
