-- Payments, refunds and lines of bank files are found by how their reference or their payer's name
-- begins, in small letters, and by their amount.
alter table payment add column reference_begun text collate "C" not null
  generated always as (lower(reference)) stored;
create index payment_by_reference on payment (issuer, reference_begun, id);
create index payment_by_amount on payment (issuer, amount, id);
create index payment_by_day on payment (issuer, paid_on, id);
alter table refund add column reference_begun text collate "C" not null
  generated always as (lower(reference)) stored;
create index refund_by_reference on refund (issuer, reference_begun, id);
create index refund_by_day on refund (issuer, refunded_on, id);
alter table bank_line add column name_begun text collate "C" not null
  generated always as (lower(name)) stored;
create index bank_line_by_name on bank_line (issuer, name_begun, id) where name <> '';
create index bank_line_of_file on bank_line (bank_import, line);

-- What is generated is not there yet before a row is changed: it says nothing of a change.
create or replace function payment_stays() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or old.identified_on is not null
    or (case old.issuer when 0 then old.cloud else old.subscriber end) is not null
    or new.identified_on is null
    or (to_jsonb(new) - '{cloud,subscriber,identified_on,reference_begun}'::text[])
       is distinct from (to_jsonb(old) - '{cloud,subscriber,identified_on,reference_begun}'::text[])
    or exists (select from payment_return r where r.payment = old.id)
  then
    raise exception 'a payment is never changed once written' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create or replace function refund_stays() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or old.state <> 'pending'
    or (to_jsonb(new) - '{state,reference_begun}'::text[])
       is distinct from (to_jsonb(old) - '{state,reference_begun}'::text[])
  then
    raise exception 'a refund is never changed once written' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

-- A file is taken in part by part; one without `finished_at` was stopped, and is gone on with when the
-- same file comes again. What was taken in before now was whole.
alter table bank_import
  add column name varchar(200) not null default '',
  add column finished_at timestamptz;
update bank_import set finished_at = made_at;
create index bank_import_in_book on bank_import (issuer, id);
create index bank_import_unfinished on bank_import (issuer, sha256) where finished_at is null;

-- Why somebody took a line off the list.
alter table bank_line add column note varchar(500) not null default '';

-- A file that somebody has sent to look at before it is taken in. It is kept for a day.
create table bank_upload (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint references cloud,
  name varchar(200) not null,
  format varchar(5) not null,
  currency varchar(3) not null,
  sha256 varchar(64) not null,
  content bytea not null,
  made_by bigint not null,
  made_at timestamptz not null,
  -- What would become of each line, and the file that it became.
  preview jsonb,
  bank_import bigint,
  constraint bank_upload_of_cloud unique (cloud, id),
  constraint bank_upload_of_book check (issuer = coalesce(cloud, 0)),
  foreign key (cloud, bank_import) references bank_import (cloud, id)
);
create index bank_upload_of_person on bank_upload (issuer, made_by, id);

-- Work that is asked for in the platform's own book is of no cloud.
alter table task
  alter column cloud drop not null,
  drop constraint task_kind_known,
  add constraint task_kind_known check (kind in ('import', 'try', 'bank-look', 'bank-import'));
drop index task_once_at_a_time;
create unique index task_once_at_a_time on task (coalesce(cloud, 0), asked_by, digest)
  where state in ('waiting', 'running');
