-- What tables alone cannot say: collations, exclusion, partitions, triggers and indexes.

do $$
declare name text;
begin
  foreach name in array array['camledger_web', 'camledger_admin', 'camledger_worker'] loop
    begin
      execute format('create role %I nologin', name);
    exception when duplicate_object or unique_violation then
      null;  -- roles belong to the whole server; another database may have made it
    end;
  end loop;
end $$;

-- Ties in a split go to the lower external id in code-point order, in SQL as in Python.
alter table camera alter column external_id type varchar(255) collate "C";

-- People are told apart by their address, whatever its case.
create unique index portal_user_email_once on portal_user (lower(email));

-- At most one subscription of a camera at a time. A camera is a range of one, so that GiST can
-- compare it without an extension.
alter table subscription add constraint subscription_one_at_a_time exclude using gist (
  int8range(camera, camera, '[]') with &&,
  daterange(starts_on, ends_on) with &&
);
create index subscription_of_camera on subscription (cloud, camera);
create index subscription_of_subscriber on subscription (cloud, subscriber);
create index camera_of_subscriber on camera (cloud, subscriber);
create index camera_by_id on camera (cloud, id);
create index subscriber_of_referral on subscriber (cloud, referral);

-- The next number of a cloud's subscribers: also for an account manager, who does not see them all.
create function next_subscriber_number(of_cloud bigint) returns bigint
language sql stable security definer set search_path = public, pg_temp
as $$ select coalesce(max(number), 0) + 1 from subscriber where cloud = of_cloud $$;

-- Usage: one partition a month.
drop table usage;
create table usage (
  cloud bigint not null,
  camera bigint not null,
  meter smallint not null,
  day date not null,
  quantity bigint not null check (quantity >= 0),
  primary key (cloud, camera, meter, day)
) partition by range (day);

create function ensure_usage_partition(month date) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  first date := date_trunc('month', month)::date;
  name text := 'usage_' || to_char(month, 'YYYYMM');
begin
  if to_regclass(name) is not null then
    return;
  end if;
  perform pg_advisory_xact_lock(hashtextextended('usage partitions', 0));
  -- Asked of the table itself: what was looked up before the lock is remembered for a while.
  if exists (
    select from pg_class where relname = name and relnamespace = 'public'::regnamespace
  ) then
    return;
  end if;
  execute format('create table %I (like usage including all)', name);
  execute format('alter table %I enable row level security, force row level security', name);
  execute format(
    'alter table usage attach partition %I for values from (%L) to (%L)',
    name, first, (first + interval '1 month')::date
  );
end $$;

-- A charge is written once, by whichever worker claimed its batch.
create unique index charge_once on charge (
  cloud, period, camera, side, kind, original_period, service, subscription, version, rate
) nulls not distinct;
create index charge_of_subscriber on charge (cloud, subscriber, period);

create unique index invoice_one_a_close on invoice (cloud, period, side, subscriber)
  nulls not distinct where credits is null;
create index invoice_by_month on invoice (cloud, month, id);
create index invoice_of_subscriber on invoice (cloud, subscriber, id);
create index invoice_credited_by on invoice (cloud, credits) where credits is not null;
create index commission_of_referral on commission (cloud, referral, month);
create unique index estimate_once on estimate (cloud, month, subscriber) nulls not distinct;
create unique index margin_once on margin (cloud, period, camera, subscriber) nulls not distinct;
create index period_batch_waiting on period_batch (cloud, period, id) where done_at is null;
create index sign_in_attempt_recent on sign_in_attempt (subject, at);
create index user_session_of_user on user_session (user_id);

-- Issued documents and closed charges stay as they are.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is never changed once written', tg_table_name using errcode = 'restrict_violation';
end $$;

do $$
declare name text;
begin
  foreach name in array array[
    'charge', 'invoice', 'invoice_line', 'invoice_file', 'commission', 'margin',
    'usage_correction', 'audit'
  ] loop
    execute format(
      'create trigger %I before update or delete on %I for each row execute function refuse_change()',
      name || '_stays', name);
    execute format(
      'create trigger %I before truncate on %I for each statement execute function refuse_change()',
      name || '_is_not_emptied', name);
  end loop;
end $$;

create function only_while_closing() returns trigger language plpgsql as $$
begin
  if exists (
    select from written w join period p on p.id = w.period where p.state <> 'closing'
  ) then
    raise exception '% can only be written while its period closes', tg_table_name
      using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
create trigger charge_only_while_closing after insert on charge
  referencing new table as written for each statement execute function only_while_closing();

create function closed_is_closed() returns trigger language plpgsql as $$
begin
  if old.state = 'closed' or (old.state = 'closing' and new.state = 'open') then
    raise exception 'a period that is % does not open again', old.state
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger period_stays_closed before update on period
  for each row execute function closed_is_closed();
create trigger period_is_not_deleted before delete on period
  for each row execute function refuse_change();

-- What is found by readings: one life at a time, one walk at a time.
alter table camera_interval add constraint camera_interval_one_at_a_time exclude using gist (
  int8range(camera, camera, '[]') with &&,
  tstzrange(since, until) with &&
);
create index camera_interval_of_camera on camera_interval (cloud, camera, since);
create index camera_interval_in_force on camera_interval (cloud, connection, camera)
  where until is null;
create unique index reading_one_at_a_time on reading (connection) where state = 'running';
create index reading_of_connection on reading (cloud, connection, started_at);

-- The test clock moves forward only.
create function only_forward() returns trigger language plpgsql as $$
begin
  if new.now < old.now then
    raise exception 'the test clock moves forward only' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger test_clock_only_forward before update on test_clock
  for each row execute function only_forward();

-- What is made is made at the books' time: the test clock's, where one stands.
create function book_now() returns timestamptz
language sql stable security definer set search_path = public, pg_temp
as $$ select coalesce((select now from test_clock), now()) $$;
do $$
declare found record;
begin
  for found in
    select table_name, column_name from information_schema.columns
    where table_schema = 'public' and column_default = 'CURRENT_TIMESTAMP'
      and table_name not in (
        'migration', 'portal_user', 'user_session', 'sign_in_attempt', 'api_key', 'idempotent_answer', 'audit')
  loop
    execute format('alter table %I alter column %I set default book_now()',
      found.table_name, found.column_name);
  end loop;
end $$;

-- The lines of a document arrive in one statement and make its subtotal; none can follow.
create function lines_make_subtotal() returns trigger language plpgsql as $$
begin
  if exists (
    select from (select distinct invoice from written) w join invoice i on i.id = w.invoice
    where i.subtotal <> (select sum(l.amount) from invoice_line l where l.invoice = i.id)
  ) then
    raise exception 'lines do not make the subtotal of their document'
      using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
create trigger invoice_line_makes_subtotal after insert on invoice_line
  referencing new table as written for each statement execute function lines_make_subtotal();

-- The audit log numbers and chains itself, one chain for each cloud and one for the platform.
create function append_audit() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  latest record;
begin
  perform pg_advisory_xact_lock(hashtextextended('audit of ' || coalesce(new.cloud, 0), 0));
  select seq, hash into latest from audit
    where cloud is not distinct from new.cloud order by seq desc limit 1;
  new.seq := coalesce(latest.seq, 0) + 1;
  new.previous := coalesce(latest.hash, ''::bytea);
  new.at := clock_timestamp();
  new.hash := sha256(new.previous || convert_to(concat_ws('|',
    coalesce(new.cloud, 0), new.seq, to_char(new.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
    new.actor, new.role, new.action, new.object,
    coalesce(new.before::text, ''), coalesce(new.after::text, '')), 'UTF8'));
  return new;
end $$;
create trigger audit_appends before insert on audit for each row execute function append_audit();

insert into platform (id) values (1);
insert into meter (key, base_unit, kind) values
  ('camera.enabled', 'flag', 'gauge'),
  ('recording.continuous.depth', 'days of archive', 'gauge'),
  ('recording.motion.depth', 'days of archive', 'gauge'),
  ('analytics.faces', 'flag', 'gauge'),
  ('analytics.plates', 'flag', 'gauge'),
  ('archive.stored', 'bytes', 'gauge'),
  ('recording.time', 'seconds', 'counter');
