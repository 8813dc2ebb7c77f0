-- Payments, what they are put on, and what else takes something off an invoice. `issuer` is whose book
-- it is in: a cloud's, where the customer is a subscriber, or 0, the platform's, where it is a cloud.

alter table cloud add column apply_credit boolean not null default true;

create table payment (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint references cloud,
  subscriber bigint,
  currency varchar(3) not null,
  amount bigint not null,
  paid_on date not null,
  method varchar(12) not null,
  gateway varchar(32) not null default '',
  reference varchar(140) not null,
  -- What it was said to be for when it came: "invoice N-2026-000001", "subscriber 1", "" for nobody.
  names text not null default '',
  -- The day on which somebody said whose money it is; null where that was known at once.
  identified_on date,
  created_at timestamptz not null default book_now(),
  constraint payment_of_cloud unique (cloud, id),
  constraint payment_reference_once unique (issuer, reference),
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  constraint payment_above_nothing check (amount > 0),
  constraint payment_method_known check (method in ('bank', 'direct_debit', 'card', 'cash', 'other')),
  constraint payment_of_book check (
    case issuer when 0 then subscriber is null else cloud is not null and cloud = issuer end)
);
create index payment_of_subscriber on payment (cloud, subscriber, id);
create index payment_in_book on payment (issuer, id);
create index payment_unidentified on payment (issuer, id)
  where case issuer when 0 then cloud is null else subscriber is null end;

-- A part of a source, a payment or the credit note of a negative period, put on an invoice; taken off
-- again by a row below 0, which names the one that it undoes.
create table allocation (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint not null references cloud,
  subscriber bigint,
  payment bigint,
  note bigint,
  invoice bigint not null,
  amount bigint not null,
  day date not null,
  undoes bigint,
  reason text not null default '',
  created_at timestamptz not null default book_now(),
  constraint allocation_of_cloud unique (cloud, id),
  foreign key (cloud, payment) references payment (cloud, id),
  foreign key (cloud, note) references invoice (cloud, id),
  foreign key (cloud, invoice) references invoice (cloud, id),
  foreign key (cloud, undoes) references allocation (cloud, id),
  constraint allocation_of_one_source check (num_nonnulls(payment, note) = 1),
  constraint allocation_undone check (amount <> 0 and (amount < 0) = (undoes is not null))
);
create index allocation_on_invoice on allocation (cloud, invoice, id);
create index allocation_of_payment on allocation (cloud, payment, id) where payment is not null;
create index allocation_of_note on allocation (cloud, note, id) where note is not null;
create index allocation_undone_by on allocation (cloud, undoes) where undoes is not null;

create table refund (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint not null references cloud,
  subscriber bigint,
  currency varchar(3) not null,
  amount bigint not null,
  refunded_on date not null,
  method varchar(12) not null,
  gateway varchar(32) not null default '',
  reference varchar(140) not null,
  payment bigint,
  reason text not null default '',
  state varchar(9) not null default 'succeeded',
  created_at timestamptz not null default book_now(),
  constraint refund_of_cloud unique (cloud, id),
  constraint refund_reference_once unique (issuer, reference),
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  foreign key (cloud, payment) references payment (cloud, id),
  constraint refund_above_nothing check (amount > 0),
  constraint refund_method_known check (method in ('bank', 'direct_debit', 'card', 'cash', 'other')),
  constraint refund_state_known check (state in ('pending', 'succeeded', 'failed'))
);
create index refund_in_book on refund (issuer, id);

-- Out of which sources a refund was paid.
create table refund_part (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint not null references cloud,
  subscriber bigint,
  refund bigint not null,
  payment bigint,
  note bigint,
  amount bigint not null,
  foreign key (cloud, refund) references refund (cloud, id),
  foreign key (cloud, payment) references payment (cloud, id),
  foreign key (cloud, note) references invoice (cloud, id),
  constraint refund_part_above_nothing check (amount > 0),
  constraint refund_part_of_one_source check (num_nonnulls(payment, note) = 1)
);
create index refund_part_of_refund on refund_part (cloud, refund);
create index refund_part_of_payment on refund_part (cloud, payment) where payment is not null;
create index refund_part_of_note on refund_part (cloud, note) where note is not null;

-- The bank or a card network took a payment back, once.
create table payment_return (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint references cloud,
  subscriber bigint,
  payment bigint not null,
  returned_on date not null,
  reason text not null default '',
  fee bigint not null default 0,
  created_at timestamptz not null default book_now(),
  constraint payment_return_once unique (payment),
  foreign key (cloud, payment) references payment (cloud, id),
  constraint payment_return_fee_in_range check (fee >= 0)
);

-- A claim given up; below 0 what of it came in after all.
create table write_off (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint not null references cloud,
  subscriber bigint,
  invoice bigint not null,
  amount bigint not null,
  day date not null,
  reason text not null default '',
  created_at timestamptz not null default book_now(),
  foreign key (cloud, invoice) references invoice (cloud, id),
  constraint write_off_of_something check (amount <> 0)
);
create index write_off_of_invoice on write_off (cloud, invoice);

create table dispute (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint not null references cloud,
  subscriber bigint,
  invoice bigint not null,
  reason text not null,
  opened_at timestamptz not null,
  closed_at timestamptz,
  closed_reason text not null default '',
  foreign key (cloud, invoice) references invoice (cloud, id)
);
create unique index dispute_open_once on dispute (cloud, invoice) where closed_at is null;

-- Who earns on a document as it is paid, and how much: settled when it is issued.
create table commission_term (
  id bigserial primary key,
  cloud bigint not null references cloud,
  referral bigint not null,
  subscriber bigint not null,
  invoice bigint not null,
  level integer not null,
  percent numeric(9,6) not null,
  foreign key (cloud, referral) references referral (cloud, id),
  foreign key (cloud, invoice) references invoice (cloud, id),
  constraint commission_term_once unique (cloud, invoice, level)
);
-- Of documents from before, it is who would earn today: nobody wrote down more.
insert into commission_term (cloud, referral, subscriber, invoice, level, percent)
with recursive above as (
  select r.cloud, r.id as referred, r.id, r.sponsor, 1 as level, r.percent, array[r.id] as seen
  from referral r
  union all
  select r.cloud, a.referred, r.id, r.sponsor, a.level + 1, c.level_percents[a.level], a.seen || r.id
  from above a join referral r on r.cloud = a.cloud and r.id = a.sponsor join cloud c on c.id = r.cloud
  where a.level <= coalesce(cardinality(c.level_percents), 0) and r.id <> all(a.seen)
)
select i.cloud, a.id, i.subscriber, i.id, a.level, a.percent
from invoice i
join subscriber s on s.cloud = i.cloud and s.id = i.subscriber
join above a on a.cloud = i.cloud and a.referred = s.referral
join referral r on r.cloud = a.cloud and r.id = a.id
where i.side = 'retail' and i.type = 'invoice' and r.basis = 'collected' and a.percent <> 0;

-- What a commission is of: the document, a credit note on it, or an allocation; and its day.
alter table commission
  add column note bigint,
  add column allocation bigint,
  add column day date,
  drop constraint commission_once,
  add constraint commission_once
    unique nulls not distinct (cloud, invoice, referral, level, note, allocation);

-- What of a source is free, kept where it changes: sources of which nothing is are not among them.
create table credit_source (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint not null references cloud,
  subscriber bigint,
  payment bigint,
  note bigint,
  day date not null,
  free bigint not null,
  constraint credit_source_once unique nulls not distinct (cloud, payment, note)
);
create index credit_source_of_customer on credit_source (cloud, issuer, subscriber);

create function keep_credit(payments bigint[], notes bigint[]) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  delete from credit_source c where c.payment = any(payments) or c.note = any(notes);
  insert into credit_source (issuer, cloud, subscriber, payment, note, day, free)
  select * from (
    select p.issuer, p.cloud, p.subscriber, p.id, null::bigint as note, p.paid_on,
      case when exists (select from payment_return r where r.payment = p.id) then 0 else p.amount end
      - coalesce((select sum(a.amount) from allocation a where a.cloud = p.cloud and a.payment = p.id), 0)
      - coalesce((select sum(f.amount) from refund_part f where f.cloud = p.cloud and f.payment = p.id), 0)
      as free
    from payment p
    where p.id = any(payments) and case p.issuer when 0 then p.cloud else p.subscriber end is not null
    union all
    select i.issuer, i.cloud, i.subscriber, null, i.id, i.issued_on,
      -i.total
      - coalesce((select sum(a.amount) from allocation a where a.cloud = i.cloud and a.note = i.id), 0)
      - coalesce((select sum(f.amount) from refund_part f where f.cloud = i.cloud and f.note = i.id), 0)
    from invoice i where i.id = any(notes) and i.total < 0 and i.credits is null
  ) s where s.free <> 0;
end $$;
create index credit_source_of_payment on credit_source (payment) where payment is not null;
create index credit_source_of_note on credit_source (note) where note is not null;

create function credit_is_kept() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  payments bigint[];
  notes bigint[];
begin
  if tg_table_name = 'payment' then
    select array_agg(id) into payments from added;
  elsif tg_table_name = 'payment_return' then
    select array_agg(payment) into payments from added;
  elsif tg_table_name = 'invoice' then
    select array_agg(id) into notes from added where total < 0 and credits is null;
  else
    select array_agg(distinct payment) filter (where payment is not null),
           array_agg(distinct note) filter (where note is not null)
    into payments, notes from added;
  end if;
  if payments is not null or notes is not null then
    perform keep_credit(coalesce(payments, '{}'), coalesce(notes, '{}'));
  end if;
  return null;
end $$;
do $$
declare name text;
begin
  foreach name in array array['payment', 'allocation', 'refund_part', 'payment_return', 'invoice'] loop
    execute format('create trigger credit_is_kept after insert on %I referencing new table as added'
      ' for each statement execute function credit_is_kept()', name);
  end loop;
end $$;
create trigger credit_is_kept_identified after update on payment referencing new table as added
  for each statement execute function credit_is_kept();
select keep_credit('{}', array_agg(id)) from invoice
where total < 0 and credits is null having count(*) > 0;

-- Whose money it is can be said once; all else stays as it was written.
create function payment_stays() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or old.identified_on is not null
    or (case old.issuer when 0 then old.cloud else old.subscriber end) is not null
    or new.identified_on is null
    or (to_jsonb(new) - '{cloud,subscriber,identified_on}'::text[])
       is distinct from (to_jsonb(old) - '{cloud,subscriber,identified_on}'::text[])
    or exists (select from payment_return r where r.payment = old.id)
  then
    raise exception 'a payment is never changed once written' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger payment_stays before update or delete on payment
  for each row execute function payment_stays();
create function dispute_stays() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or old.closed_at is not null
    or (new.id, new.issuer, new.cloud, new.invoice, new.reason, new.opened_at)
       is distinct from (old.id, old.issuer, old.cloud, old.invoice, old.reason, old.opened_at)
  then
    raise exception 'a dispute is never changed once written' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger dispute_stays before update or delete on dispute
  for each row execute function dispute_stays();
do $$
declare name text;
begin
  foreach name in array array['allocation', 'refund_part', 'payment_return', 'write_off', 'commission_term']
  loop
    execute format(
      'create trigger %I before update or delete on %I for each row execute function refuse_change()',
      name || '_stays', name);
  end loop;
  foreach name in array array['payment', 'allocation', 'refund', 'refund_part', 'payment_return',
    'write_off', 'dispute', 'commission_term']
  loop
    execute format(
      'create trigger %I before truncate on %I for each statement execute function refuse_change()',
      name || '_is_not_emptied', name);
  end loop;
end $$;
-- A refund at a gateway is pending before it succeeds or fails; its amount never changes.
create function refund_stays() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or old.state <> 'pending'
    or (to_jsonb(new) - 'state') is distinct from (to_jsonb(old) - 'state')
  then
    raise exception 'a refund is never changed once written' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger refund_stays before update or delete on refund
  for each row execute function refund_stays();
