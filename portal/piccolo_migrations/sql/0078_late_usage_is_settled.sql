-- Late usage of a month that no close corrects by itself any more: a person bills it with the next
-- close, or waives it. Usage that changes again is to be settled again.
alter table usage_change
  add column settled varchar(5),
  add column settled_reason varchar(500) not null default '',
  add column settled_by varchar(254) not null default '',
  add column settled_at timestamptz,
  add constraint usage_change_settled_known check (settled in ('bill', 'waive'));

create function settled_usage_marks_drafts() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into draft_mark (cloud)
  select distinct n.cloud from gone o join changed n on n.id = o.id
  where o.settled is distinct from n.settled;
  return null;
end $$;
revoke all on function settled_usage_marks_drafts() from public;
create trigger drafts_are_stale_settled after update on usage_change
  referencing old table as gone new table as changed
  for each statement execute function settled_usage_marks_drafts();
