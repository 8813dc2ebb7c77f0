-- Usage is kept a month a row, a column a day: a quarter of the size, and sums read a row where they
-- read 31. What is there moves month by month; a month's rows are sorted or hashed within work_mem.

alter table usage rename to usage_by_day;
alter index usage_pkey rename to usage_by_day_pkey;
do $$
declare part record;
begin
  for part in
    select c.relname as name, i.indexrelid::regclass::text as key
    from pg_inherits h join pg_class c on c.oid = h.inhrelid
    join pg_index i on i.indrelid = c.oid and i.indisprimary
    where h.inhparent = 'usage_by_day'::regclass
  loop
    execute format('alter index %s rename to %I', part.key, 'by_day_' || part.name || '_pkey');
    execute format('alter table %I rename to %I', part.name, 'by_day_' || part.name);
  end loop;
end $$;

-- What each meter of each camera showed in a month, day by day; one partition a month. A day without
-- usage is null. Sums are exact beyond 64 bits: of 31 quantities below 2^58 they need not be.
create table usage (
  cloud bigint not null,
  month date not null,
  camera bigint not null,
  meter smallint not null,
  d01 bigint, d02 bigint, d03 bigint, d04 bigint, d05 bigint, d06 bigint, d07 bigint, d08 bigint,
  d09 bigint, d10 bigint, d11 bigint, d12 bigint, d13 bigint, d14 bigint, d15 bigint, d16 bigint,
  d17 bigint, d18 bigint, d19 bigint, d20 bigint, d21 bigint, d22 bigint, d23 bigint, d24 bigint,
  d25 bigint, d26 bigint, d27 bigint, d28 bigint, d29 bigint, d30 bigint, d31 bigint,
  total numeric not null generated always as (
    case when greatest(d01, d02, d03, d04, d05, d06, d07, d08, d09, d10, d11, d12, d13, d14, d15,
    d16, d17, d18, d19, d20, d21, d22, d23, d24, d25, d26, d27, d28, d29, d30, d31) <
    288230376151711744 then (coalesce(d01, 0) + coalesce(d02, 0) + coalesce(d03, 0) + coalesce(d04,
    0) + coalesce(d05, 0) + coalesce(d06, 0) + coalesce(d07, 0) + coalesce(d08, 0) + coalesce(d09,
    0) + coalesce(d10, 0) + coalesce(d11, 0) + coalesce(d12, 0) + coalesce(d13, 0) + coalesce(d14,
    0) + coalesce(d15, 0) + coalesce(d16, 0) + coalesce(d17, 0) + coalesce(d18, 0) + coalesce(d19,
    0) + coalesce(d20, 0) + coalesce(d21, 0) + coalesce(d22, 0) + coalesce(d23, 0) + coalesce(d24,
    0) + coalesce(d25, 0) + coalesce(d26, 0) + coalesce(d27, 0) + coalesce(d28, 0) + coalesce(d29,
    0) + coalesce(d30, 0) + coalesce(d31, 0))::numeric else coalesce(d01, 0)::numeric +
    coalesce(d02, 0)::numeric + coalesce(d03, 0)::numeric + coalesce(d04, 0)::numeric +
    coalesce(d05, 0)::numeric + coalesce(d06, 0)::numeric + coalesce(d07, 0)::numeric +
    coalesce(d08, 0)::numeric + coalesce(d09, 0)::numeric + coalesce(d10, 0)::numeric +
    coalesce(d11, 0)::numeric + coalesce(d12, 0)::numeric + coalesce(d13, 0)::numeric +
    coalesce(d14, 0)::numeric + coalesce(d15, 0)::numeric + coalesce(d16, 0)::numeric +
    coalesce(d17, 0)::numeric + coalesce(d18, 0)::numeric + coalesce(d19, 0)::numeric +
    coalesce(d20, 0)::numeric + coalesce(d21, 0)::numeric + coalesce(d22, 0)::numeric +
    coalesce(d23, 0)::numeric + coalesce(d24, 0)::numeric + coalesce(d25, 0)::numeric +
    coalesce(d26, 0)::numeric + coalesce(d27, 0)::numeric + coalesce(d28, 0)::numeric +
    coalesce(d29, 0)::numeric + coalesce(d30, 0)::numeric + coalesce(d31, 0)::numeric end
  ) stored,
  peak bigint generated always as (
    greatest(d01, d02, d03, d04, d05, d06, d07, d08, d09, d10, d11, d12, d13, d14, d15, d16, d17,
    d18, d19, d20, d21, d22, d23, d24, d25, d26, d27, d28, d29, d30, d31)
  ) stored,
  days integer not null generated always as (
    case when d01 is null then 0 else 1 end | case when d02 is null then 0 else 2 end | case when
    d03 is null then 0 else 4 end | case when d04 is null then 0 else 8 end | case when d05 is null
    then 0 else 16 end | case when d06 is null then 0 else 32 end | case when d07 is null then 0
    else 64 end | case when d08 is null then 0 else 128 end | case when d09 is null then 0 else 256
    end | case when d10 is null then 0 else 512 end | case when d11 is null then 0 else 1024 end |
    case when d12 is null then 0 else 2048 end | case when d13 is null then 0 else 4096 end | case
    when d14 is null then 0 else 8192 end | case when d15 is null then 0 else 16384 end | case when
    d16 is null then 0 else 32768 end | case when d17 is null then 0 else 65536 end | case when d18
    is null then 0 else 131072 end | case when d19 is null then 0 else 262144 end | case when d20 is
    null then 0 else 524288 end | case when d21 is null then 0 else 1048576 end | case when d22 is
    null then 0 else 2097152 end | case when d23 is null then 0 else 4194304 end | case when d24 is
    null then 0 else 8388608 end | case when d25 is null then 0 else 16777216 end | case when d26 is
    null then 0 else 33554432 end | case when d27 is null then 0 else 67108864 end | case when d28
    is null then 0 else 134217728 end | case when d29 is null then 0 else 268435456 end | case when
    d30 is null then 0 else 536870912 end | case when d31 is null then 0 else 1073741824 end
  ) stored,
  -- The days that the last merge raised: a merge learns from it, in one statement, what it changed.
  risen integer not null default 0,
  constraint usage_month_is_a_first check (extract(day from month) = 1),
  constraint usage_quantity_not_negative check (
    least(d01, d02, d03, d04, d05, d06, d07, d08, d09, d10, d11, d12, d13, d14, d15, d16, d17, d18,
    d19, d20, d21, d22, d23, d24, d25, d26, d27, d28, d29, d30, d31) >= 0
  ),
  -- "d30" of a February would be a day of March.
  constraint usage_days_of_the_month check (
    (d29 is null or extract(month from month + 28) = extract(month from month))
    and (d30 is null or extract(month from month + 29) = extract(month from month))
    and (d31 is null or extract(month from month + 30) = extract(month from month))
  ),
  primary key (cloud, month, camera, meter)
) partition by list (month);

-- Pages are filled half, so that a day's update finds room beside its row and touches no index.
create or replace function ensure_usage_partition(month date) returns void
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
  execute format('create table %I (like usage including all) with (fillfactor = 50)', name);
  execute format('alter table %I enable row level security, force row level security', name);
  execute format('alter table usage attach partition %I for values in (%L)', name, first);
end $$;

do $$
declare
  part record;
  first date;
begin
  for part in
    select inhrelid::regclass as of from pg_inherits
    where inhparent = 'usage_by_day'::regclass order by inhrelid::regclass::text
  loop
    execute format('select date_trunc(''month'', day)::date from %s limit 1', part.of) into first;
    continue when first is null;
    perform ensure_usage_partition(first);
    execute format(
      'insert into usage (cloud, month, camera, meter,
      d01, d02, d03, d04, d05, d06, d07, d08, d09, d10, d11, d12, d13, d14, d15, d16, d17, d18, d19,
      d20, d21, d22, d23, d24, d25, d26, d27, d28, d29, d30, d31)
      select cloud, $1, camera, meter,
      max(quantity) filter (where day = $1 + 0), max(quantity) filter (where day = $1 + 1),
      max(quantity) filter (where day = $1 + 2), max(quantity) filter (where day = $1 + 3),
      max(quantity) filter (where day = $1 + 4), max(quantity) filter (where day = $1 + 5),
      max(quantity) filter (where day = $1 + 6), max(quantity) filter (where day = $1 + 7),
      max(quantity) filter (where day = $1 + 8), max(quantity) filter (where day = $1 + 9),
      max(quantity) filter (where day = $1 + 10), max(quantity) filter (where day = $1 + 11),
      max(quantity) filter (where day = $1 + 12), max(quantity) filter (where day = $1 + 13),
      max(quantity) filter (where day = $1 + 14), max(quantity) filter (where day = $1 + 15),
      max(quantity) filter (where day = $1 + 16), max(quantity) filter (where day = $1 + 17),
      max(quantity) filter (where day = $1 + 18), max(quantity) filter (where day = $1 + 19),
      max(quantity) filter (where day = $1 + 20), max(quantity) filter (where day = $1 + 21),
      max(quantity) filter (where day = $1 + 22), max(quantity) filter (where day = $1 + 23),
      max(quantity) filter (where day = $1 + 24), max(quantity) filter (where day = $1 + 25),
      max(quantity) filter (where day = $1 + 26), max(quantity) filter (where day = $1 + 27),
      max(quantity) filter (where day = $1 + 28), max(quantity) filter (where day = $1 + 29),
      max(quantity) filter (where day = $1 + 30)
      from %s group by cloud, camera, meter order by cloud, camera, meter',
      part.of
    ) using first;
  end loop;
end $$;
drop table usage_by_day;
-- Not before: it has no policy yet, and its owner need not be a superuser.
alter table usage enable row level security, force row level security;
analyze usage;
