-- Cameras whose usage of a month was rated again by a later close: what was kept of them as measured is
-- older than their usage. Of months closed before this was noted, all cameras may be: a row without one.
create table usage_corrected (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  camera bigint,
  constraint usage_corrected_once unique nulls not distinct (cloud, month, camera)
);
insert into usage_corrected (cloud, month)
select cloud, starts_on from period where state = 'closed';

create function corrected_usage_is_noted() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into usage_corrected (cloud, month, camera)
  select cloud, month, camera from gone order by cloud, month, camera
  on conflict do nothing;
  return null;
end $$;
revoke all on function corrected_usage_is_noted() from public;
create trigger corrected_usage_is_noted after delete on usage_change
  referencing old table as gone for each statement execute function corrected_usage_is_noted();
create trigger usage_corrected_stays before update or delete on usage_corrected
  for each row execute function refuse_change();
create trigger usage_corrected_is_not_emptied before truncate on usage_corrected
  for each statement execute function refuse_change();
