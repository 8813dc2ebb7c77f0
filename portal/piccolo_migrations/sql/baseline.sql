-- The database of an installation, from nothing: tables, indexes, functions and triggers, by subject.
-- Who may see and do what is not here: roles' rights and row-level security are made from
-- portal/tables/policies.py, anew whenever they change. Columns agree with portal/tables.
--
-- Every table of a tenant has its `cloud`, and keys lead with it, also those of references: a row
-- refers to rows of its own cloud alone, whoever writes it. A reference without a foreign key
-- (`bigint` alone) is one of millions of rows, where a check for each is too expensive. Amounts are bigints in the currency's minor unit; days are dates in the cloud's zone.

-- ----------------------------------------------------------------------
-- The platform, its clock, its people
-- ----------------------------------------------------------------------

-- One row: who issues the wholesale invoices.
create table platform (
  id serial primary key,
  name text not null default 'Camledger',
  address text[] not null default '{}',
  tax_number varchar(64) not null default '',
  email varchar(254) not null default '',
  bank text[] not null default '{}',
  invoice_prefix varchar(16) not null default 'PLAT',
  timezone varchar(64) not null default 'UTC',
  second_factor boolean not null default false,
  constraint platform_one_row check (id = 1)
);
insert into platform (id) values (1);

-- At most one row, and only in an installation under test: the time it is there.
create table test_clock (
  id serial primary key,
  now timestamptz not null,
  constraint test_clock_one_row check (id = 1)
);

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

-- A person. `cloud`, `subscriber` and `referral` say whose.
create table portal_user (
  id bigserial primary key,
  email varchar(254) not null,
  name text not null,
  password varchar(255),
  has_password boolean not null generated always as (password is not null) stored,
  -- The password that a reset took away: it may be known to others, and is not chosen again.
  password_before varchar(255),
  role varchar(32) not null,
  cloud bigint,
  subscriber bigint,
  referral bigint,
  active boolean not null default true,
  theme varchar(8) not null default 'auto',
  language varchar(16),
  -- Until a password is chosen: the sha256 of the link that leads there.
  link_hash varchar(64) unique,
  link_expires_at timestamptz,
  totp bytea,
  has_totp boolean not null generated always as (totp is not null) stored,
  totp_step bigint,
  created_at timestamptz not null default now(),
  signed_in_at timestamptz,
  constraint portal_user_of_cloud unique (cloud, id),
  constraint portal_user_email_normal check (email !~ '[[:space:]A-Z]' and email !~ '\.$'),
  constraint portal_user_belongs check (
    (cloud is null) = (role in ('administrator', 'accountant', 'manager'))
    and (subscriber is not null) = (role = 'subscriber')
    and (referral is not null) = (role = 'referral')
  ),
  constraint portal_user_role_known check (role in (
    'administrator', 'accountant', 'manager',
    'cloud-administrator', 'account-manager', 'cloud-accountant',
    'subscriber', 'referral'
  ))
);

create function keep_password_before() returns trigger language plpgsql as $$
begin
  if new.password is not null then
    new.password_before := null;
  elsif old.password is not null then
    new.password_before := old.password;
  end if;
  return new;
end $$;
create trigger keep_password_before before update of password on portal_user
  for each row execute function keep_password_before();
-- People are told apart by their address, which is stored in its one normal form.
create unique index portal_user_email_once on portal_user (email);

-- Codes for whoever has lost their authenticator app. Only the sha256 of each is kept.
create table recovery_code (
  id bigserial primary key,
  user_id bigint not null,
  code_hash varchar(64) not null,
  used_at timestamptz,
  constraint recovery_code_once unique (user_id, code_hash)
);

-- A browser that is signed in. Only the sha256 of its cookie is kept.
create table user_session (
  id bigserial primary key,
  key_hash varchar(64) not null unique,
  user_id bigint,
  data bytea not null,
  awaits_code boolean not null default false,
  address varchar(64) not null default '',
  agent varchar(300) not null default '',
  created_at timestamptz not null default now(),
  seen_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index user_session_of_user on user_session (user_id);

create table sign_in_attempt (
  id bigserial primary key,
  subject varchar(300) not null,
  at timestamptz not null default now()
);
create index sign_in_attempt_recent on sign_in_attempt (subject, at);

-- A key of another system. Only the sha256 of its secret is kept.
create table api_key (
  id bigserial primary key,
  public_id varchar(16) not null unique,
  secret_hash varchar(64) not null,
  name text not null,
  role varchar(32) not null,
  scopes text[],
  cloud bigint,
  user_id bigint,
  created_at timestamptz not null default now(),
  used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz,
  foreign key (cloud, user_id) references portal_user (cloud, id),
  constraint api_key_belongs check (
    (cloud is null) = (role in ('administrator', 'accountant', 'manager'))
  ),
  constraint api_key_role_known check (role in (
    'administrator', 'accountant', 'manager',
    'cloud-administrator', 'account-manager', 'cloud-accountant'
  ))
);
create index api_key_of_cloud on api_key (cloud, id);

-- The answer to a POST with a key, kept so that the same request again does nothing.
create table idempotent_answer (
  id bigserial primary key,
  api_key bigint not null,
  path text not null,
  key varchar(255) not null,
  body_hash varchar(64) not null,
  status integer,
  body text,
  running_until timestamptz,
  created_at timestamptz not null default now(),
  constraint idempotent_answer_once unique (api_key, path, key)
);

-- Who did what to which object. One chain for each cloud and one for the platform (null).
create table audit (
  id bigserial primary key,
  cloud bigint,
  seq bigint not null,
  at timestamptz not null default now(),
  actor varchar(254) not null,
  role varchar(32) not null,
  user_id bigint,
  key_id bigint,
  session bigint,
  address varchar(64) not null default '',
  action varchar(64) not null,
  object text not null,
  before jsonb,
  after jsonb,
  sealed_with integer not null,
  previous bytea not null,
  hash bytea not null,
  constraint audit_seq_once unique nulls not distinct (cloud, seq)
);
create index audit_by_object on audit (object, id);
create index audit_by_cloud on audit (cloud, id);

-- The keys that chains are sealed with, the last one first: HMAC's two pads of each. Nobody but the
-- owner reads them. Entries that an earlier key has sealed keep it.
create table audit_key (
  id serial primary key,
  inner_pad bytea not null check (octet_length(inner_pad) = 64),
  outer_pad bytea not null check (octet_length(outer_pad) = 64),
  made_at timestamptz not null default now()
);

-- A field with its length before it, so that no two entries have the same text: "3:sue," and "-,".
create function audit_field(value text) returns text language sql immutable as $$
  select coalesce(octet_length(convert_to(value, 'UTF8')) || ':' || value, '-') || ','
$$;

-- What is sealed of an entry: every field of it.
create function audit_text(entry audit) returns text language sql stable as $$
  select audit_field(entry.sealed_with::text) || audit_field(encode(entry.previous, 'hex'))
    || audit_field(entry.cloud::text) || audit_field(entry.seq::text)
    || audit_field(to_char(entry.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'))
    || audit_field(entry.actor) || audit_field(entry.role)
    || audit_field(entry.user_id::text) || audit_field(entry.key_id::text)
    || audit_field(entry.session::text) || audit_field(entry.address)
    || audit_field(entry.action) || audit_field(entry.object)
    || audit_field(entry.before::text) || audit_field(entry.after::text)
$$;

-- The only way to append: numbered, chained and sealed, in the transaction of what it tells. Who
-- acts is what the transaction was opened with, and is named by the rows of people and keys.
create function record_audit(
  of_cloud bigint, what text, on_object text, value_before jsonb, value_after jsonb
) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  entry audit;
  latest record;
  sealing audit_key;
begin
  if app_role() is null or (app_cloud() is not null and of_cloud is distinct from app_cloud())
    or (app_role() = 'system' and not pg_has_role(session_user, 'camledger_worker', 'member'))
  then
    raise exception 'this is not this actor''s to record' using errcode = 'insufficient_privilege';
  end if;
  select * into sealing from audit_key order by id desc limit 1;
  if not found then
    raise exception 'the audit log has no key: run camledger migrate';
  end if;
  entry.id := nextval('audit_id_seq');
  entry.cloud := of_cloud;
  entry.role := app_role();
  entry.user_id := app_user();
  entry.key_id := app_key();
  entry.actor := left(coalesce(
    (select k.name from api_key k where k.id = entry.key_id),
    (select u.email from portal_user u where u.id = entry.user_id),
    case entry.role when 'system' then 'Camledger' else initcap(entry.role) end), 254);
  entry.session := nullif(current_setting('app.session', true), '')::bigint;
  entry.address := left(coalesce(current_setting('app.address', true), ''), 64);
  entry.action := what;
  entry.object := on_object;
  entry.before := value_before;
  entry.after := value_after;
  entry.sealed_with := sealing.id;
  perform pg_advisory_xact_lock(hashtextextended('audit of ' || coalesce(of_cloud, 0), 0));
  select seq, hash into latest from audit
    where cloud is not distinct from of_cloud order by seq desc limit 1;
  entry.seq := coalesce(latest.seq, 0) + 1;
  entry.previous := coalesce(latest.hash, ''::bytea);
  entry.at := clock_timestamp();
  entry.hash := sha256(sealing.outer_pad
    || sha256(sealing.inner_pad || convert_to(audit_text(entry), 'UTF8')));
  insert into audit select entry.*;
end $$;

-- ----------------------------------------------------------------------
-- What is sold
-- ----------------------------------------------------------------------

-- One daily fact about a camera.
create table meter (
  id bigserial primary key,
  key varchar(64) not null unique,
  base_unit varchar(64) not null,
  kind varchar(8) not null,
  constraint meter_kind_known check (kind in ('gauge', 'counter'))
);
insert into meter (key, base_unit, kind) values
  ('camera.enabled', 'flag', 'gauge'),
  ('recording.continuous.depth', 'days of archive', 'gauge'),
  ('recording.motion.depth', 'days of archive', 'gauge'),
  ('analytics.faces', 'flag', 'gauge'),
  ('analytics.plates', 'flag', 'gauge'),
  ('archive.stored', 'bytes', 'gauge'),
  ('recording.time', 'seconds', 'counter');

create table service (
  id bigserial primary key,
  code varchar(64) not null unique,
  name text not null,
  meter bigint not null references meter,
  unit varchar(64) not null,
  unit_size bigint not null,
  measure varchar(16) not null,
  constraint service_measure_known check (measure in ('unit_month', 'total', 'peak')),
  constraint service_unit_size_positive check (unit_size > 0)
);

-- ----------------------------------------------------------------------
-- Clouds, their prices and tariffs
-- ----------------------------------------------------------------------

create table cloud (
  id bigserial primary key,
  slug varchar(64) not null unique,
  name text not null,
  currency varchar(3) not null,
  timezone varchar(64) not null,
  tax_percent numeric(9,6) not null default 0,
  wholesale_discount_percent numeric(9,6) not null default 0,
  wholesale_tax_percent numeric(9,6) not null default 0,
  invoice_prefix varchar(16) not null,
  manager bigint references portal_user,
  level_percents numeric(9,6)[] not null default '{}',
  close_automatically boolean not null default true,
  close_after_days integer not null default 3,
  payment_days integer not null default 14,
  address text[] not null default '{}',
  tax_number varchar(64) not null default '',
  email varchar(254) not null default '',
  bank text[] not null default '{}',
  locale varchar(16) not null default 'en',
  second_factor boolean not null default false,
  created_at timestamptz not null default book_now(),
  constraint cloud_close_after_days_in_range check (close_after_days between 0 and 60),
  constraint cloud_percents_in_range check (
    tax_percent between 0 and 100
    and wholesale_discount_percent between 0 and 100
    and wholesale_tax_percent between 0 and 100
  )
);

create table rate (
  id bigserial primary key,
  cloud bigint not null references cloud,
  service bigint not null references service,
  valid_from date not null,
  pricing jsonb not null,
  created_at timestamptz not null default book_now(),
  constraint rate_one_a_day unique (cloud, service, valid_from)
);

create table tariff (
  id bigserial primary key,
  cloud bigint not null references cloud,
  code varchar(64) not null,
  name text not null,
  created_at timestamptz not null default book_now(),
  constraint tariff_of_cloud unique (cloud, id),
  constraint tariff_code_once unique (cloud, code)
);

create table tariff_version (
  id bigserial primary key,
  cloud bigint not null references cloud,
  tariff bigint not null,
  valid_from date not null,
  monthly_price numeric(24,6) not null,
  setup_fee numeric(24,6) not null,
  trial_days integer not null default 0,
  bill_when_disabled boolean not null default true,
  created_at timestamptz not null default book_now(),
  constraint tariff_version_of_cloud unique (cloud, id),
  foreign key (cloud, tariff) references tariff (cloud, id),
  constraint tariff_version_not_negative check (
    monthly_price >= 0 and setup_fee >= 0 and trial_days >= 0
  ),
  constraint tariff_version_one_a_day unique (cloud, tariff, valid_from)
);

create table tariff_item (
  id bigserial primary key,
  cloud bigint not null references cloud,
  version bigint not null,
  position integer not null,
  service bigint not null references service,
  quantity numeric(38,6) not null,
  overage jsonb,
  foreign key (cloud, version) references tariff_version (cloud, id),
  constraint tariff_item_service_once unique (cloud, version, service)
);

-- ----------------------------------------------------------------------
-- Customers and cameras
-- ----------------------------------------------------------------------

create table referral (
  id bigserial primary key,
  cloud bigint not null references cloud,
  code varchar(64) not null,
  name text not null,
  email varchar(254) not null default '',
  percent numeric(9,6) not null,
  sponsor bigint,
  basis varchar(16) not null default 'invoiced',
  created_at timestamptz not null default book_now(),
  constraint referral_of_cloud unique (cloud, id),
  foreign key (cloud, sponsor) references referral (cloud, id),
  constraint referral_basis_known check (basis in ('invoiced', 'collected')),
  constraint referral_not_own_sponsor check (sponsor <> id),
  constraint referral_percent_in_range check (percent between 0 and 100),
  constraint referral_code_once unique (cloud, code)
);

create table subscriber (
  id bigserial primary key,
  cloud bigint not null references cloud,
  number bigint not null,
  name text not null,
  email varchar(254) not null default '',
  discount_percent numeric(9,6) not null default 0,
  tax_exempt boolean not null default false,
  referral bigint,
  account_manager bigint,
  address text[] not null default '{}',
  tax_number varchar(64) not null default '',
  language varchar(16),
  suspended boolean not null default false,
  created_at timestamptz not null default book_now(),
  constraint subscriber_of_cloud unique (cloud, id),
  foreign key (cloud, referral) references referral (cloud, id),
  foreign key (cloud, account_manager) references portal_user (cloud, id),
  constraint subscriber_discount_in_range check (discount_percent between 0 and 100),
  constraint subscriber_number_in_range check (number between 1 and 999999999),
  constraint subscriber_number_once unique (cloud, number)
);
create index subscriber_of_referral on subscriber (cloud, referral);

-- Whom a person belongs to. Clouds name their manager and subscribers theirs, so it comes after both.
alter table portal_user
  add foreign key (cloud) references cloud,
  add foreign key (cloud, subscriber) references subscriber (cloud, id),
  add foreign key (cloud, referral) references referral (cloud, id);

-- The next number of a cloud's subscribers: also for an account manager, who does not see them all.
-- After the highest one, or the lowest that is free once that is 999999999; null when none is.
-- To whoever takes subscribers on there; to anybody else null.
create function next_subscriber_number(of_cloud bigint) returns bigint
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
  if not (pg_has_role(session_user, 'camledger_worker', 'usage')
          or coalesce(app_role() = 'administrator'
                      or app_role() in ('cloud-administrator', 'account-manager')
                         and of_cloud = app_cloud(), false)) then
    return null;
  end if;
  return (
    select case when coalesce(max(number), 0) < 999999999 then coalesce(max(number), 0) + 1 else (
      select min(n.before) + 1
      from (select 0 as before union all select number from subscriber where cloud = of_cloud) n
      where n.before < 999999999
        and not exists (select from subscriber s where s.cloud = of_cloud and s.number = n.before + 1)
    ) end
    from subscriber where cloud = of_cloud
  );
end $$;

create table camera (
  id bigserial primary key,
  cloud bigint not null references cloud,
  -- Ties in a split go to the lower external id in code-point order, in SQL as in Python.
  external_id varchar(255) collate "C" not null,
  name text not null default '',
  subscriber bigint,
  suspended boolean not null default false,
  created_at timestamptz not null default book_now(),
  -- The first connection that led to the Watcher it was met in, and its name there.
  watcher bigint,
  watcher_name text,
  constraint camera_of_cloud unique (cloud, id),
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  constraint camera_external_id_once unique (cloud, external_id),
  constraint camera_watcher_name_once unique (cloud, watcher, watcher_name)
);
create index camera_of_subscriber on camera (cloud, subscriber);

-- One camera on one tariff for [starts_on, ends_on).
create table subscription (
  id bigserial primary key,
  cloud bigint not null references cloud,
  camera bigint not null,
  subscriber bigint not null,
  tariff bigint not null,
  starts_on date not null,
  ends_on date,
  follows bigint,
  created_at timestamptz not null default book_now(),
  foreign key (cloud, camera) references camera (cloud, id),
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  foreign key (cloud, tariff) references tariff (cloud, id),
  constraint subscription_not_empty check (ends_on > starts_on),
  -- At most one of a camera at a time. A camera is a range of one, so that GiST can compare it
  -- without an extension.
  constraint subscription_one_at_a_time exclude using gist (
    int8range(camera, camera, '[]') with &&,
    daterange(starts_on, ends_on) with &&
  )
);
create index subscription_of_camera on subscription (cloud, camera);
create index subscription_of_subscriber on subscription (cloud, subscriber);

-- ----------------------------------------------------------------------
-- Usage
-- ----------------------------------------------------------------------

-- What each meter of each camera showed on each day; one partition a month.
create table usage (
  cloud bigint not null,
  camera bigint not null,
  meter smallint not null,
  day date not null,
  quantity bigint not null,
  constraint usage_quantity_not_negative check (quantity >= 0),
  primary key (cloud, camera, meter, day)
) partition by range (day);

create function ensure_usage_partition(month date) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  first date := date_trunc('month', month)::date;
  name text := 'usage_' || to_char(month, 'YYYYMM');
begin
  if not (pg_has_role(session_user, 'camledger_worker', 'usage')
          or coalesce(app_role() in ('administrator', 'cloud-administrator'), false)) then
    raise exception 'usage is not %''s to write', app_role() using errcode = 'insufficient_privilege';
  end if;
  if month not between '2000-01-01' and '2199-12-31' then
    raise exception 'there is no usage in %', month using errcode = 'datetime_field_overflow';
  end if;
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

-- A mark: usage of this camera has changed in a month that may be closed.
create table usage_change (
  id bigserial primary key,
  cloud bigint not null references cloud,
  camera bigint not null,
  month date not null,
  changed_at timestamptz not null default book_now(),
  constraint usage_change_once unique (cloud, month, camera)
);

-- A value that a person has set, with the reason.
create table usage_correction (
  id bigserial primary key,
  cloud bigint not null references cloud,
  camera bigint not null,
  meter smallint not null,
  day date not null,
  before bigint,
  after bigint not null,
  reason text not null,
  by varchar(254) not null,
  at timestamptz not null default book_now()
);

-- ----------------------------------------------------------------------
-- Watcher
-- ----------------------------------------------------------------------

create table connection (
  id bigserial primary key,
  cloud bigint not null references cloud,
  kind varchar(16) not null default 'watcher',
  api varchar(2) not null,
  url text not null,
  secret bytea not null,
  organizations bigint[],
  read_every_minutes integer not null default 60,
  follow_presets boolean not null default false,
  provision boolean not null default false,
  provision_failures integer not null default 0,
  provision_failed_at timestamptz,
  provision_retry_at timestamptz,
  provision_message text not null default '',
  created_at timestamptz not null default book_now(),
  ended_at timestamptz,
  -- The first connection of the cloud that led to the same Watcher; null: this one.
  same_as bigint,
  constraint connection_of_cloud unique (cloud, id),
  foreign key (cloud, same_as) references connection (cloud, id),
  constraint connection_api_known check (api in ('v2', 'v3')),
  constraint connection_one_master check (not (provision and follow_presets)),
  constraint connection_read_every_minutes_in_range check (read_every_minutes between 1 and 10080)
);

alter table camera add foreign key (cloud, watcher) references connection (cloud, id);

-- One look at a whole Watcher: at most one of a connection at a time.
create table reading (
  id bigserial primary key,
  cloud bigint not null references cloud,
  connection bigint not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  state varchar(8) not null default 'running',
  pages integer not null default 0,
  cameras integer not null default 0,
  unnamed integer not null default 0,
  message text not null default '',
  warnings text[] not null default '{}',
  constraint reading_of_cloud unique (cloud, id),
  foreign key (cloud, connection) references connection (cloud, id),
  constraint reading_state_known check (state in ('running', 'complete', 'failed')),
  constraint reading_warnings_few check (cardinality(warnings) <= 22),
  constraint reading_warnings_short check (char_length(array_to_string(warnings, '')) <= 6600)
);
create unique index reading_one_at_a_time on reading (connection) where state = 'running';
create index reading_of_connection on reading (cloud, connection, started_at);

-- What a running reading has found so far. Nothing of it counts until the reading is complete.
create table reading_camera (
  id bigserial primary key,
  cloud bigint not null references cloud,
  reading bigint not null,
  name text not null,
  found bytea not null,
  foreign key (cloud, reading) references reading (cloud, id),
  constraint reading_camera_once unique (cloud, reading, name)
);

-- While [since, until) a camera was in one organization, under one preset, switched on or off.
create table camera_interval (
  id bigserial primary key,
  cloud bigint not null references cloud,
  connection bigint not null,
  camera bigint not null,
  since timestamptz not null,
  until timestamptz,
  organization bigint,
  preset bigint,
  enabled boolean not null default true,
  made_at timestamptz,
  foreign key (cloud, connection) references connection (cloud, id),
  foreign key (cloud, camera) references camera (cloud, id),
  constraint camera_interval_not_backwards check (until >= since),
  constraint camera_interval_one_at_a_time exclude using gist (
    int8range(camera, camera, '[]') with &&,
    tstzrange(since, until) with &&
  )
);
create index camera_interval_of_camera on camera_interval (cloud, camera, since);
create index camera_interval_in_force on camera_interval (cloud, connection, camera)
  where until is null;

-- An organization, and the subscriber that it is mapped to.
create table watcher_organization (
  id bigserial primary key,
  cloud bigint not null references cloud,
  watcher bigint not null,
  organization bigint not null,
  title text not null default '',
  seen_at timestamptz,
  subscriber bigint,
  is_followed boolean not null default true,
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  constraint watcher_organization_once unique (cloud, watcher, organization)
);

-- A preset, and the tariff that it is mapped to.
create table watcher_preset (
  id bigserial primary key,
  cloud bigint not null references cloud,
  watcher bigint not null,
  preset bigint not null,
  title text not null default '',
  continuous_depth_days integer,
  motion_depth_days integer,
  faces boolean,
  plates boolean,
  is_adjustable boolean,
  is_deleted boolean not null default false,
  seen_at timestamptz,
  tariff bigint,
  is_followed boolean not null default true,
  foreign key (cloud, tariff) references tariff (cloud, id),
  constraint watcher_preset_once unique (cloud, watcher, preset)
);

-- The seconds of a day that footage was seen for, as pairs of bounds.
create table recorded_day (
  id bigserial primary key,
  cloud bigint not null,
  camera bigint not null,
  day date not null,
  ranges bigint[] not null default '{}',
  constraint recorded_day_once unique (cloud, camera, day)
);

-- The preset that stands for a tariff in a Watcher that is written to.
create table provisioned_preset (
  id bigserial primary key,
  cloud bigint not null references cloud,
  connection bigint not null,
  tariff bigint not null,
  preset bigint,
  before bigint[],
  wanted text not null default '',
  failures integer not null default 0,
  retry_at timestamptz,
  message text not null default '',
  foreign key (cloud, connection) references connection (cloud, id),
  foreign key (cloud, tariff) references tariff (cloud, id),
  constraint provisioned_preset_once unique (cloud, connection, tariff)
);

-- How far a camera in Watcher is as the books say.
create table provisioned_camera (
  id bigserial primary key,
  cloud bigint not null references cloud,
  connection bigint not null,
  camera bigint not null,
  is_switched_off boolean not null default false,
  wanted text not null default '',
  tried_at timestamptz,
  failures integer not null default 0,
  retry_at timestamptz,
  message text not null default '',
  foreign key (cloud, connection) references connection (cloud, id),
  foreign key (cloud, camera) references camera (cloud, id),
  constraint provisioned_camera_once unique (cloud, connection, camera)
);

-- ----------------------------------------------------------------------
-- Closing a month
-- ----------------------------------------------------------------------

create table period (
  id bigserial primary key,
  cloud bigint not null references cloud,
  starts_on date not null,
  state varchar(8) not null default 'open',
  accepted_gaps jsonb not null default '[]',
  accepted_by varchar(254) not null default '',
  cameras_total integer not null default 0,
  retail bigint not null default 0,
  wholesale bigint not null default 0,
  commission bigint not null default 0,
  closing_at timestamptz,
  closed_at timestamptz,
  trouble text not null default '',
  tried_at timestamptz,
  constraint period_of_cloud unique (cloud, id),
  constraint period_first_day check (extract(day from starts_on) = 1),
  constraint period_state_known check (state in ('open', 'closing', 'closed')),
  constraint period_once unique (cloud, starts_on)
);

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

-- Cameras that one worker rates at a time.
create table period_batch (
  id bigserial primary key,
  cloud bigint not null references cloud,
  period bigint not null,
  first_camera bigint not null,
  last_camera bigint not null,
  cameras integer not null,
  done_at timestamptz,
  foreign key (cloud, period) references period (cloud, id),
  constraint period_batch_once unique (cloud, period, first_camera)
);
create index period_batch_waiting on period_batch (cloud, period, id) where done_at is null;

-- A camera's part of a quantity that is priced over the whole cloud.
create table pool_share (
  id bigserial primary key,
  cloud bigint not null references cloud,
  period bigint not null,
  service bigint not null,
  camera bigint not null,
  base numeric(38,0) not null,
  foreign key (cloud, period) references period (cloud, id),
  constraint pool_share_once unique (cloud, period, service, camera)
);

-- Days on which something was used that had no price.
create table unrated_usage (
  id bigserial primary key,
  cloud bigint not null references cloud,
  period bigint not null,
  batch bigint not null,
  service bigint not null,
  day date not null,
  cameras integer not null,
  foreign key (cloud, period) references period (cloud, id)
);

create table charge (
  id bigserial primary key,
  cloud bigint not null,
  period bigint not null,
  side varchar(9) not null,
  kind varchar(9) not null,
  camera bigint not null,
  subscriber bigint,
  subscription bigint,
  tariff bigint,
  version bigint,
  service bigint,
  rate bigint,
  original_period date not null,
  quantity_numerator numeric(60,0) not null,
  quantity_denominator numeric(60,0) not null,
  unit_price numeric(24,6),
  amount bigint not null,
  constraint charge_denominator_positive check (quantity_denominator > 0),
  constraint charge_kind_known check (kind in ('recurring', 'setup', 'overage', 'service')),
  constraint charge_not_zero check (amount <> 0),
  constraint charge_side_known check (side in ('retail', 'wholesale'))
);
-- Written once, by whichever worker claimed its batch.
create unique index charge_once on charge (
  cloud, period, camera, side, kind, original_period, service, subscription, version, rate
) nulls not distinct;
create index charge_of_subscriber on charge (cloud, subscriber, period);

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

-- What rating measured, which an appendix shows: usage may change later, what was charged does not.
create table measurement (
  id bigserial primary key,
  cloud bigint not null,
  period bigint not null,
  camera bigint not null,
  subscriber bigint,
  subscription bigint,
  service bigint,
  base numeric(60,0) not null,
  days bigint not null
);
create unique index measurement_once on measurement (
  cloud, period, camera, subscription, service
) nulls not distinct;
create index measurement_of_subscriber on measurement (cloud, subscriber, period);
create trigger measurement_only_while_closing after insert on measurement
  referencing new table as written for each statement execute function only_while_closing();

-- ----------------------------------------------------------------------
-- Documents
-- ----------------------------------------------------------------------

-- The last number given in an issuer's year. Issuer 0 is the platform, else a cloud's id.
create table series (
  id bigserial primary key,
  issuer bigint not null,
  prefix varchar(16) not null,
  year integer not null,
  last_number integer not null,
  constraint series_once unique (issuer, year)
);

create table invoice (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint,
  period bigint,
  month date not null,
  side varchar(9) not null,
  type varchar(11) not null,
  issuer bigint not null,
  number varchar(40) not null,
  sequence integer not null,
  issued_at timestamptz not null,
  issued_on date not null,
  due_on date,
  currency varchar(3) not null,
  locale varchar(16) not null,
  seller jsonb not null,
  buyer jsonb not null,
  discount_percent numeric(9,6) not null,
  tax_percent numeric(9,6) not null,
  tax_exempt boolean not null default false,
  subtotal bigint not null,
  discount bigint not null,
  taxable bigint not null,
  tax bigint not null,
  total bigint not null,
  credits bigint,
  reason text not null default '',
  constraint invoice_of_cloud unique (cloud, id),
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  foreign key (cloud, period) references period (cloud, id),
  foreign key (cloud, credits) references invoice (cloud, id),
  constraint invoice_adds_up check (taxable = subtotal - discount and total = taxable + tax),
  constraint invoice_side_known check (side in ('retail', 'wholesale')),
  constraint invoice_sign check ((type = 'credit_note') = (total < 0) and total <> 0),
  constraint invoice_type_known check (type in ('invoice', 'credit_note')),
  constraint invoice_number_once unique (issuer, number)
);
create unique index invoice_one_a_close on invoice (cloud, period, side, subscriber)
  nulls not distinct where credits is null;
create index invoice_by_month on invoice (cloud, month, id);
create index invoice_of_subscriber on invoice (cloud, subscriber, id);
create index invoice_credited_by on invoice (cloud, credits) where credits is not null;

create table invoice_line (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint,
  invoice bigint not null,
  position integer not null,
  kind varchar(9) not null,
  version bigint,
  service bigint,
  original_period date not null,
  -- Facts and names as sold; the words around them are the reader's.
  name text not null,
  service_name text not null default '',
  valid_from date,
  unit varchar(64) not null default '',
  quantity numeric(38,6) not null,
  unit_price numeric(24,6),
  amount bigint not null,
  credited_line integer,
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  foreign key (cloud, invoice) references invoice (cloud, id),
  constraint invoice_line_once unique (cloud, invoice, position)
);

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

-- The PDF of a document, and the CSV of its cameras where it has one: printed once, kept for good.
create table invoice_file (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint,
  invoice bigint not null,
  sha256 varchar(64) not null,
  size integer not null,
  content bytea not null,
  usage_sha256 varchar(64),
  usage_content bytea,
  created_at timestamptz not null default book_now(),
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  foreign key (cloud, invoice) references invoice (cloud, id),
  constraint invoice_file_once unique (cloud, invoice),
  constraint invoice_file_usage_whole check ((usage_sha256 is null) = (usage_content is null))
);

-- A document that cannot be printed until a font is installed, and what it will say then.
create table invoice_wait (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint,
  invoice bigint not null,
  characters text not null,
  command text not null,
  value text not null,
  created_at timestamptz not null default book_now(),
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  foreign key (cloud, invoice) references invoice (cloud, id),
  constraint invoice_wait_once unique (cloud, invoice)
);

-- ----------------------------------------------------------------------
-- What is earned
-- ----------------------------------------------------------------------

create table commission (
  id bigserial primary key,
  cloud bigint not null references cloud,
  referral bigint not null,
  subscriber bigint not null,
  invoice bigint not null,
  payment bigint,
  document varchar(40) not null,
  month date not null,
  level integer not null,
  basis varchar(16) not null,
  base bigint not null,
  percent numeric(9,6) not null,
  amount bigint not null,
  state varchar(8) not null default 'payable',
  created_at timestamptz not null default book_now(),
  foreign key (cloud, referral) references referral (cloud, id),
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  foreign key (cloud, invoice) references invoice (cloud, id),
  constraint commission_once unique nulls not distinct (cloud, invoice, referral, level, payment)
);
create index commission_of_referral on commission (cloud, referral, month);

create table margin (
  id bigserial primary key,
  cloud bigint not null references cloud,
  period bigint not null,
  camera bigint not null,
  subscriber bigint,
  revenue bigint not null,
  cost bigint not null,
  commission bigint not null,
  foreign key (cloud, period) references period (cloud, id)
);
create unique index margin_once on margin (cloud, period, camera, subscriber) nulls not distinct;

-- The running month so far; subscriber null is the whole cloud.
create table estimate (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint,
  month date not null,
  retail bigint not null,
  discount bigint not null,
  wholesale bigint not null,
  cameras bigint not null,
  as_of timestamptz not null
);
create unique index estimate_once on estimate (cloud, month, subscriber) nulls not distinct;

-- ----------------------------------------------------------------------
-- Books stay as they are
-- ----------------------------------------------------------------------

-- Issued documents and closed charges stay as they are.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is never changed once written', tg_table_name using errcode = 'restrict_violation';
end $$;

do $$
declare name text;
begin
  foreach name in array array[
    'charge', 'measurement', 'invoice', 'invoice_line', 'invoice_file', 'commission', 'margin',
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

create trigger period_is_not_deleted before delete on period
  for each row execute function refuse_change();
