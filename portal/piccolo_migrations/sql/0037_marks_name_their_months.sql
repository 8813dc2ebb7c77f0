-- A mark names the first month that it concerns, where what changed has a date: drafts of months before stay
-- as they are. What no draft is made of leaves no mark: the database's own columns of a subscriber change
-- with every document that is issued or paid, and those of a camera with every subscription.
create function mark_drafts_since(of_cloud bigint, since date) returns void
language sql set search_path = public, pg_temp as $$
  insert into draft_mark (cloud, month) values (of_cloud, date_trunc('month', since)::date)
$$;

-- From its first day on; of one that only ends on another day, from the earlier of both ends.
create function subscriptions_mark_drafts() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    perform mark_drafts_since(cloud, min(since)) from (
      select n.cloud, case
        when (o.camera, o.subscriber, o.tariff, o.starts_on)
          is not distinct from (n.camera, n.subscriber, n.tariff, n.starts_on)
        then least(o.ends_on, n.ends_on) else least(o.starts_on, n.starts_on) end as since
      from gone o join changed n on n.id = o.id
      where (o.camera, o.subscriber, o.tariff, o.starts_on, o.ends_on)
        is distinct from (n.camera, n.subscriber, n.tariff, n.starts_on, n.ends_on)
    ) one group by cloud;
  elsif tg_op = 'INSERT' then
    perform mark_drafts_since(cloud, min(starts_on)) from changed group by cloud;
  else
    perform mark_drafts_since(cloud, min(starts_on)) from gone group by cloud;
  end if;
  return null;
end $$;

-- Prices count from their day on.
create function prices_mark_drafts() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    perform mark_drafts_since(cloud, min(valid_from)) from (
      select cloud, valid_from from gone union all select cloud, valid_from from changed
    ) one group by cloud;
  elsif tg_op = 'INSERT' then
    perform mark_drafts_since(cloud, min(valid_from)) from changed group by cloud;
  else
    perform mark_drafts_since(cloud, min(valid_from)) from gone group by cloud;
  end if;
  return null;
end $$;

create function subscribers_mark_drafts() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into draft_mark (cloud)
  select distinct n.cloud from gone o join changed n on n.id = o.id
  where (o.number, o.name, o.email, o.discount_percent, o.tax_exempt, o.referral, o.account_manager,
         o.address, o.tax_number, o.language, o.suspended)
    is distinct from (n.number, n.name, n.email, n.discount_percent, n.tax_exempt, n.referral,
         n.account_manager, n.address, n.tax_number, n.language, n.suspended);
  return null;
end $$;

create function cameras_mark_drafts() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into draft_mark (cloud)
  select distinct n.cloud from gone o join changed n on n.id = o.id
  where (o.external_id, o.name, o.subscriber, o.suspended, o.watcher, o.watcher_name)
    is distinct from (n.external_id, n.name, n.subscriber, n.suspended, n.watcher, n.watcher_name);
  return null;
end $$;

do $$
declare
  dated text;
  marks text;
begin
  for dated, marks in values ('subscription', 'subscriptions_mark_drafts'),
    ('rate', 'prices_mark_drafts'), ('tariff_version', 'prices_mark_drafts')
  loop
    execute format('drop trigger drafts_are_stale_new on %I', dated);
    execute format('drop trigger drafts_are_stale_changed on %I', dated);
    execute format('drop trigger drafts_are_stale_gone on %I', dated);
    execute format('create trigger drafts_are_stale_new after insert on %I'
      ' referencing new table as changed for each statement execute function %I()', dated, marks);
    execute format('create trigger drafts_are_stale_changed after update on %I'
      ' referencing old table as gone new table as changed'
      ' for each statement execute function %I()', dated, marks);
    execute format('create trigger drafts_are_stale_gone after delete on %I'
      ' referencing old table as gone for each statement execute function %I()', dated, marks);
  end loop;
end $$;
drop trigger drafts_are_stale_changed on subscriber;
create trigger drafts_are_stale_changed after update on subscriber
  referencing old table as gone new table as changed
  for each statement execute function subscribers_mark_drafts();
drop trigger drafts_are_stale_changed on camera;
create trigger drafts_are_stale_changed after update on camera
  referencing old table as gone new table as changed
  for each statement execute function cameras_mark_drafts();

-- A close is what the month after it is compared with, and takes the marks of late usage of the three months
-- before: another month that would have corrected one of these is at most two months older.
create or replace function drafts_after_a_close_are_stale() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform mark_drafts_since(cloud, (min(starts_on) - interval '2 months')::date)
  from changed where state = 'closed' group by cloud;
  return null;
end $$;
