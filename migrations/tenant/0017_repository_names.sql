-- What each id of a repository is called, as it was reported under that very id. A repository that moved has the name and
-- address of its id of now, whatever is reported under an old one, and in whichever order.
create table repository_name (
    id              text primary key,
    name            text not null,
    url             text,
    detail          smallint not null,
    version_at      timestamptz not null,
    digest          bigint not null
);

-- all but the names that repositories kept when they moved
insert into repository_name
select r.id, r.name, r.url, r.detail, r.version_at, r.digest
from repository r
where not exists (
    select from moved m
    where m.id <> m.new_id and (r.id = m.new_id or starts_with(r.id, m.new_id || '/'))
      and m.id || substr(r.id, length(m.new_id) + 1)
          = split_part(m.id, '/', 1) || '/' || lower(r.name));

update repository r
set name = substr(r.id, strpos(r.id, '/') + 1), url = 'https://' || r.id
where not exists (select from repository_name n where n.id = r.id);
