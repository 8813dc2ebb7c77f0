-- A close is made in phases, each in parts that workers share. What documents are made of is put together
-- before any of them has a number, and issuing moves it into the books in one short transaction.

-- How many cameras of a batch are on no tariff in the month: nobody bears their cost.
alter table period_batch add column loose integer not null default 0;
update period_batch b set loose = cameras from period p
where p.cloud = b.cloud and p.id = b.period and p.state = 'closing' and b.done_at is not null;

-- That all cameras of a period are rated, and how the platform's discount is spread over them. `terms`
-- tells what all its documents share: a digest, compared when they are issued.
create table period_settled (
  id bigserial primary key,
  cloud bigint not null references cloud,
  period bigint not null,
  terms varchar(64) not null,
  subtotal bigint not null,
  discount bigint not null,
  last_remainder numeric(60,0),
  last_camera text,
  settled_at timestamptz not null,
  foreign key (cloud, period) references period (cloud, id),
  constraint period_settled_once unique (cloud, period)
);

-- Customers (by number) or cameras (by row) whose documents and margins one worker makes at a time.
create table period_part (
  id bigserial primary key,
  cloud bigint not null references cloud,
  period bigint not null,
  kind varchar(9) not null,
  first bigint not null,
  last bigint not null,
  terms varchar(64) not null default '',
  done_at timestamptz,
  foreign key (cloud, period) references period (cloud, id),
  constraint period_part_once unique (cloud, period, kind, first),
  constraint period_part_kind_known check (kind in ('customers', 'cameras'))
);
create index period_part_waiting on period_part (cloud, period, id) where done_at is null;

-- A document without a number; without a type, its total is 0 and none is issued. `version` is that of the
-- subscriber's row: a row that was changed since has another one.
create table period_document (
  id bigserial primary key,
  cloud bigint not null,
  period bigint not null,
  part bigint,
  side varchar(9) not null,
  subscriber bigint,
  number integer,
  version bigint,
  type varchar(11),
  locale varchar(16) not null,
  buyer jsonb not null,
  discount_percent numeric(9,6) not null,
  tax_percent numeric(9,6) not null,
  tax_exempt boolean not null,
  subtotal bigint not null,
  discount bigint not null,
  taxable bigint not null,
  tax bigint not null,
  total bigint not null,
  commission bigint not null,
  lines jsonb not null,
  earned jsonb not null,
  collected jsonb not null,
  constraint period_document_once unique nulls not distinct (cloud, period, side, subscriber)
);
create trigger period_document_only_while_closing after insert on period_document
  referencing new table as written for each statement execute function only_while_closing();

-- What cameras are left with is written part by part. Until the month is closed a part may be made anew.
create function goes_only_while_closing() returns trigger language plpgsql as $$
begin
  if exists (
    select from (select distinct period from gone) g join period p on p.id = g.period
    where p.state <> 'closing'
  ) then
    raise exception '% is never changed once its period is closed', tg_table_name
      using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
do $$
declare name text;
begin
  foreach name in array array['margin', 'subscriber_month', 'tariff_month'] loop
    execute format('drop trigger %I on %I', name || '_stays', name);
    execute format(
      'create trigger %I before update on %I for each row execute function refuse_change()',
      name || '_stays', name);
    execute format(
      'create trigger %I after delete on %I referencing old table as gone'
      ' for each statement execute function goes_only_while_closing()',
      name || '_is_not_deleted', name);
  end loop;
end $$;

-- A close writes as many rows of these as there are cameras and lines, from rows that it holds, and nothing
-- they point at can be deleted: looking each up again took longer than writing it.
alter table margin drop constraint margin_cloud_fkey, drop constraint margin_cloud_period_fkey;
alter table subscriber_month
  drop constraint subscriber_month_cloud_fkey,
  drop constraint subscriber_month_cloud_period_fkey,
  drop constraint subscriber_month_cloud_subscriber_fkey;
alter table invoice_line
  drop constraint invoice_line_cloud_fkey,
  drop constraint invoice_line_cloud_subscriber_fkey,
  drop constraint invoice_line_cloud_invoice_fkey;

-- The lines of a document arrive in one statement and make its subtotal; none can follow, and none is of a
-- document that is not there or is somebody else's.
create or replace function lines_make_subtotal() returns trigger language plpgsql as $$
begin
  if exists (
    select from written w left join invoice i on i.cloud = w.cloud and i.id = w.invoice
    where i.id is null or i.subscriber is distinct from w.subscriber
  ) then
    raise exception 'a line is of no document, or of somebody else''s'
      using errcode = 'foreign_key_violation';
  end if;
  if exists (
    select from (select distinct cloud, invoice from written) w
    join invoice i on i.cloud = w.cloud and i.id = w.invoice
    where i.subtotal <> (select sum(l.amount) from invoice_line l
                         where l.cloud = w.cloud and l.invoice = w.invoice)
  ) then
    raise exception 'lines do not make the subtotal of their document'
      using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
