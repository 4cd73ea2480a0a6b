-- What an API token is for: to read only, or also to change what its role may change.
alter table api_token add column scope text not null default 'write' check (scope in ('read', 'write'));
