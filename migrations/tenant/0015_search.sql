-- Indexes by which things are found by what people call them: keys and versions in upper or lower case, from their
-- beginning on; numbers; and words of titles.

-- The words of a text. Punctuation is taken for spaces, so that `PAY-12` has the words `pay` and `12`.
create function search_words(words text) returns tsvector language sql immutable parallel safe as $body$
    select to_tsvector('pg_catalog.simple'::regconfig,
                       translate(words, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32)))
$body$;

create index change_number on change (number) where number is not null;
create index change_words on change using gin (search_words(title || ' ' || coalesce(source_branch, '')))
    where not deleted;
create index work_item_key_beginning on work_item (lower(key) text_pattern_ops);
create index work_item_words on work_item using gin (search_words(title)) where not deleted;
create index incident_words on incident using gin (search_words(title)) where not deleted;
-- as people call it: what follows the last slash of its id
create index incident_id_end on incident (lower(regexp_replace(id, '^.*/', '')) text_pattern_ops) where not deleted;
create index deployment_name_beginning on deployment (lower(name) text_pattern_ops) where name is not null;
