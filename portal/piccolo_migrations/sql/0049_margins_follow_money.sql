-- The margin of a month has what credit notes by hand and collected commissions of that month changed:
-- they are found by customer, and a draft of the month is made anew.
create index invoice_notes_by_hand on invoice (cloud, month, subscriber)
  where credits is not null and side = 'retail';
create index commission_later on commission (cloud, month, subscriber)
  where note is not null or allocation is not null;

create function notes_mark_drafts() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform mark_drafts_since(cloud, min(month)) from added
  where credits is not null and side = 'retail' group by cloud;
  return null;
end $$;
create trigger notes_mark_drafts after insert on invoice
  referencing new table as added for each statement execute function notes_mark_drafts();

create function later_commissions_mark_drafts() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform mark_drafts_since(cloud, min(month)) from added
  where note is not null or allocation is not null group by cloud;
  return null;
end $$;
create trigger later_commissions_mark_drafts after insert on commission
  referencing new table as added for each statement execute function later_commissions_mark_drafts();
