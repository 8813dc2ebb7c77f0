-- Those of whom somebody may still have to be told.
create index statement_by_end on statement ((coalesce(ended_at, approved_at)))
  where state in ('approved', 'paid');
