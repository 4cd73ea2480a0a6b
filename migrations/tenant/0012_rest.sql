-- The index of a list of the API: reviews in the order in which they were submitted.

create index review_submitted_at on review (submitted_at, id);
