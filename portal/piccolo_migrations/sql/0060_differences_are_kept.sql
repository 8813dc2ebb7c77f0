-- Where Watcher and the books differ, camera by camera, so that a page reads only what differs. Marks name
-- the cameras of which something changed since: a page works these out anew, and a worker keeps them.
create table difference_month (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  -- The first day, in the cloud's zone, that was not looked at.
  until date not null,
  -- Cameras that keep more than a preset gives which only Watcher's own people change: what such a preset
  -- gave before is learnt from all of these together.
  fixed bigint[] not null default '{}',
  constraint difference_month_once unique (cloud, month)
);
create table difference (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  camera bigint not null,
  -- The camera's external id.
  name text not null,
  kind varchar(24) not null,
  days integer not null,
  -- In minor units of the cloud's currency.
  worth numeric(60, 0) not null,
  accepted boolean not null,
  -- A sentence, as it is stored.
  detail text not null,
  foreign key (cloud, month) references difference_month (cloud, month) on delete cascade
);
create index difference_of_camera on difference (cloud, month, camera);
-- Without cameras it is about all of the cloud. Marks are only added and taken away.
create table difference_mark (
  id bigserial primary key,
  cloud bigint not null,
  cameras bigint[]
);
create index difference_mark_of_cloud on difference_mark (cloud);
-- Whose history has been in an organization or under a preset that is mapped now.
create index camera_interval_of_organization on camera_interval (cloud, organization, camera);
create index camera_interval_of_preset on camera_interval (cloud, preset, camera) where preset is not null;

-- So many cameras are named; of more, all of the cloud are meant.
create function mark_differences(of_cloud bigint, of_cameras bigint[]) returns void
language sql set search_path = public, pg_temp as $$
  insert into difference_mark (cloud, cameras)
  select of_cloud, case when cardinality(of_cameras) <= 5000 then of_cameras end
  where of_cameras is null or cardinality(of_cameras) > 0
$$;

create function rows_of_cameras_mark_differences() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform mark_differences(cloud, array_agg(distinct camera)) from changed group by cloud;
  return null;
end $$;
create function moved_rows_mark_differences() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform mark_differences(cloud, array_agg(distinct camera)) from (
    select cloud, camera from (select * from gone except select * from changed) o
    union select cloud, camera from (select * from changed except select * from gone) n
  ) one group by cloud;
  return null;
end $$;
create function whole_clouds_mark_differences() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into difference_mark (cloud) select distinct cloud from changed;
  return null;
end $$;
do $$
declare
  made_of text;
begin
  foreach made_of in array array['subscription', 'camera_interval', 'accepted_excess']
  loop
    execute format('create trigger differences_are_stale_new after insert on %I referencing new table as changed'
      ' for each statement execute function rows_of_cameras_mark_differences()', made_of);
    execute format('create trigger differences_are_stale_changed after update on %I'
      ' referencing old table as gone new table as changed'
      ' for each statement execute function moved_rows_mark_differences()', made_of);
    execute format('create trigger differences_are_stale_gone after delete on %I referencing old table as changed'
      ' for each statement execute function rows_of_cameras_mark_differences()', made_of);
  end loop;
  foreach made_of in array array['rate', 'tariff_version', 'tariff_item']
  loop
    execute format('create trigger differences_are_stale_new after insert on %I referencing new table as changed'
      ' for each statement execute function whole_clouds_mark_differences()', made_of);
    execute format('create trigger differences_are_stale_changed after update on %I referencing new table as changed'
      ' for each statement execute function whole_clouds_mark_differences()', made_of);
    execute format('create trigger differences_are_stale_gone after delete on %I referencing old table as changed'
      ' for each statement execute function whole_clouds_mark_differences()', made_of);
  end loop;
end $$;

-- A camera is named in what differs.
create function renamed_cameras_mark_differences() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform mark_differences(n.cloud, array_agg(n.id))
  from gone o join changed n on n.id = o.id where o.external_id is distinct from n.external_id
  group by n.cloud;
  return null;
end $$;
create trigger differences_are_stale_changed after update on camera
  referencing old table as gone new table as changed
  for each statement execute function renamed_cameras_mark_differences();

-- A tariff is named by its code.
create function renamed_tariffs_mark_differences() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into difference_mark (cloud)
  select distinct n.cloud from gone o join changed n on n.id = o.id
  where o.code is distinct from n.code;
  return null;
end $$;
create trigger differences_are_stale_changed after update on tariff
  referencing old table as gone new table as changed
  for each statement execute function renamed_tariffs_mark_differences();

create function zones_mark_differences() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into difference_mark (cloud)
  select n.id from gone o join changed n on n.id = o.id
  where (o.timezone, o.currency) is distinct from (n.timezone, n.currency);
  return null;
end $$;
create trigger differences_are_stale_changed after update on cloud
  referencing old table as gone new table as changed
  for each statement execute function zones_mark_differences();

-- What Watcher shows and what it is mapped to: of the cameras whose history has been in it.
create function mark_organization(of_cloud bigint, of_watcher bigint, number bigint) returns void
language sql set search_path = public, pg_temp as $$
  select mark_differences(of_cloud, array(
    select distinct i.camera from camera_interval i join connection n on n.id = i.connection
    where i.cloud = of_cloud and i.organization = number and coalesce(n.same_as, n.id) = of_watcher
    limit 5001))
$$;
create function mark_preset(of_cloud bigint, of_watcher bigint, number bigint) returns void
language sql set search_path = public, pg_temp as $$
  select mark_differences(of_cloud, array(
    select distinct i.camera from camera_interval i join connection n on n.id = i.connection
    where i.cloud = of_cloud and i.preset = number and coalesce(n.same_as, n.id) = of_watcher
    limit 5001))
$$;
create function organizations_mark_differences() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    perform mark_organization(cloud, watcher, organization) from (
      select o.cloud, o.watcher, o.organization from gone o join changed n on n.id = o.id
      where (o.cloud, o.watcher, o.organization, o.title, o.subscriber)
        is distinct from (n.cloud, n.watcher, n.organization, n.title, n.subscriber)
      union
      select n.cloud, n.watcher, n.organization from gone o join changed n on n.id = o.id
      where (o.cloud, o.watcher, o.organization, o.title, o.subscriber)
        is distinct from (n.cloud, n.watcher, n.organization, n.title, n.subscriber)
    ) one;
  else
    perform mark_organization(cloud, watcher, organization) from changed;
  end if;
  return null;
end $$;
create function presets_mark_differences() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    perform mark_preset(cloud, watcher, preset) from (
      select o.cloud, o.watcher, o.preset from gone o join changed n on n.id = o.id
      where (o.cloud, o.watcher, o.preset, o.title, o.continuous_depth_days, o.motion_depth_days,
             o.is_adjustable, o.tariff)
        is distinct from (n.cloud, n.watcher, n.preset, n.title, n.continuous_depth_days, n.motion_depth_days,
             n.is_adjustable, n.tariff)
      union
      select n.cloud, n.watcher, n.preset from gone o join changed n on n.id = o.id
      where (o.cloud, o.watcher, o.preset, o.title, o.continuous_depth_days, o.motion_depth_days,
             o.is_adjustable, o.tariff)
        is distinct from (n.cloud, n.watcher, n.preset, n.title, n.continuous_depth_days, n.motion_depth_days,
             n.is_adjustable, n.tariff)
    ) one;
  else
    perform mark_preset(cloud, watcher, preset) from changed;
  end if;
  return null;
end $$;
do $$
declare
  shown text;
  marks text;
begin
  for shown, marks in values ('watcher_organization', 'organizations_mark_differences'),
    ('watcher_preset', 'presets_mark_differences')
  loop
    execute format('create trigger differences_are_stale_new after insert on %I referencing new table as changed'
      ' for each statement execute function %I()', shown, marks);
    execute format('create trigger differences_are_stale_changed after update on %I'
      ' referencing old table as gone new table as changed'
      ' for each statement execute function %I()', shown, marks);
    execute format('create trigger differences_are_stale_gone after delete on %I referencing old table as changed'
      ' for each statement execute function %I()', shown, marks);
  end loop;
end $$;

-- Which Watcher a connection leads to.
create function connections_mark_differences() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into difference_mark (cloud)
  select distinct n.cloud from gone o join changed n on n.id = o.id
  where o.same_as is distinct from n.same_as;
  return null;
end $$;
create trigger differences_are_stale_changed after update on connection
  referencing old table as gone new table as changed
  for each statement execute function connections_mark_differences();

-- What no reading ever found is missing from the first complete one on.
create function first_readings_mark_differences() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into difference_mark (cloud)
  select distinct c.cloud from changed c
  where c.state = 'complete' and not exists (
    select from reading r where r.cloud = c.cloud and r.state = 'complete' and r.started_at < c.started_at);
  return null;
end $$;
create trigger differences_are_stale_new after insert on reading referencing new table as changed
  for each statement execute function first_readings_mark_differences();
create trigger differences_are_stale_changed after update on reading referencing new table as changed
  for each statement execute function first_readings_mark_differences();
create trigger differences_are_stale_gone after delete on reading referencing old table as changed
  for each statement execute function first_readings_mark_differences();
