-- What the close of an open month would issue, kept for pages to read: sums, the platform's document,
-- the month before as it was issued, and what lies between the two. Amounts in the minor unit.
create table draft (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  made_at timestamptz not null,
  until date not null,
  invoices integer not null,
  charges bigint not null,
  revenue bigint not null,
  wholesale bigint not null,
  commission bigint not null,
  tax bigint not null,
  to_collect bigint not null,
  wholesale_document jsonb not null,
  last jsonb,
  bridge jsonb,
  constraint draft_once unique (cloud, month)
);

-- A subscriber's document of it, or that there is none where one was issued the month before.
create table draft_invoice (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  subscriber bigint not null,
  type varchar(11),
  subtotal bigint not null,
  discount_percent numeric(9, 6) not null,
  discount bigint not null,
  taxable bigint not null,
  tax_percent numeric(9, 6) not null,
  tax_exempt boolean not null,
  tax bigint not null,
  total bigint not null,
  last bigint,
  cost bigint not null,
  commission bigint not null,
  cameras integer not null,
  lines jsonb not null,
  constraint draft_invoice_once unique (cloud, month, subscriber),
  constraint draft_invoice_type_known check (type in ('invoice', 'credit_note'))
);

-- What a person looks at before the month is closed; `key` stays when the draft is made anew.
create table draft_surprise (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  key varchar(32) not null,
  rule varchar(20) not null,
  subject_kind varchar(12) not null,
  subject text not null,
  name text not null,
  amount bigint,
  last bigint,
  detail text not null,
  constraint draft_surprise_once unique (cloud, month, key)
);

-- Who found what fine, at which amount.
create table seen (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  key varchar(32) not null,
  rule varchar(20) not null,
  subject_kind varchar(12) not null,
  subject text not null,
  amount bigint,
  note text not null,
  by varchar(254) not null,
  at timestamptz not null default book_now(),
  constraint seen_once unique nulls not distinct (cloud, month, key, amount)
);

-- That something changed of which drafts were made: usage of a month, or anything else. Rows are added
-- and taken away, never changed, and have no key of their own kind: two who change wait for nobody.
create table draft_mark (
  id bigserial primary key,
  cloud bigint not null,
  month date
);
create index draft_mark_of_cloud on draft_mark (cloud);

create function drafts_are_stale() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into draft_mark (cloud) select distinct cloud from changed;
  return null;
end $$;
create function drafts_of_cloud_are_stale() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into draft_mark (cloud) select distinct id from changed;
  return null;
end $$;
create function drafts_after_a_close_are_stale() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into draft_mark (cloud) select distinct cloud from changed where state = 'closed';
  return null;
end $$;
do $$
declare
  made_of text;
begin
  foreach made_of in array array['subscription', 'subscriber', 'camera', 'rate', 'tariff', 'tariff_version',
    'tariff_item', 'referral', 'accepted_excess', 'watcher_organization', 'watcher_preset']
  loop
    execute format('create trigger drafts_are_stale_new after insert on %I referencing new table as changed'
      ' for each statement execute function drafts_are_stale()', made_of);
    execute format('create trigger drafts_are_stale_changed after update on %I referencing new table as changed'
      ' for each statement execute function drafts_are_stale()', made_of);
    execute format('create trigger drafts_are_stale_gone after delete on %I referencing old table as changed'
      ' for each statement execute function drafts_are_stale()', made_of);
  end loop;
end $$;
create trigger drafts_are_stale_changed after update on cloud referencing new table as changed
  for each statement execute function drafts_of_cloud_are_stale();
create trigger drafts_are_stale_closed after update on period referencing new table as changed
  for each statement execute function drafts_after_a_close_are_stale();

-- From when on a bill that changed is looked at: percent, and in the currency.
alter table cloud
  add column check_percent numeric(9, 6) not null default 25,
  add column check_amount numeric(24, 6) not null default 20,
  add constraint cloud_check_percent_in_range check (check_percent between 0 and 100),
  add constraint cloud_check_amount_in_range check (check_amount >= 0);
