-- Cards: a cloud's account at a gateway, the cards that subscribers saved there, and what was charged.

create table card_account (
  id bigserial primary key,
  cloud bigint not null references cloud,
  gateway varchar(32) not null,
  secret bytea not null,
  charge_on varchar(8) not null default 'due',
  -- Why the gateway could not be asked, the last time; "" where it could.
  trouble text not null default '',
  -- When its invoices were looked through for those to be charged, and the gateway for what it has not told.
  looked_at timestamptz,
  read_at timestamptz,
  created_at timestamptz not null default book_now(),
  constraint card_account_once unique (cloud, gateway),
  constraint card_account_charge_on_known check (charge_on in ('issue', 'due', 'manual'))
);

create table card_customer (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint not null,
  gateway varchar(32) not null,
  customer varchar(255) not null,
  constraint card_customer_once unique (cloud, subscriber, gateway),
  foreign key (cloud, subscriber) references subscriber (cloud, id)
);

-- A page of the gateway's on which somebody saves a card.
create table card_set_up (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint not null,
  gateway varchar(32) not null,
  session varchar(255) not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  look_at timestamptz,
  constraint card_set_up_once unique (cloud, gateway, session),
  foreign key (cloud, subscriber) references subscriber (cloud, id)
);
create index card_set_up_due on card_set_up (look_at) where look_at is not null;

create table payment_method (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint not null,
  gateway varchar(32) not null,
  method varchar(255) not null,
  brand varchar(32) not null,
  last4 varchar(4) not null,
  month integer not null,
  year integer not null,
  preferred boolean not null default false,
  added_at timestamptz not null,
  removed_at timestamptz,
  constraint payment_method_once unique (cloud, gateway, method),
  constraint payment_method_of_cloud unique (cloud, id),
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  constraint payment_method_month_in_range check (month between 1 and 12)
);
create unique index payment_method_preferred on payment_method (cloud, subscriber)
  where preferred and removed_at is null;
create index payment_method_of_subscriber on payment_method (cloud, subscriber, id);

-- One attempt to charge what is left of an invoice. A key of the gateway's is made of its row id, so it
-- is asked for once, however often it is asked.
create table card_charge (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint not null,
  invoice bigint not null,
  attempt integer not null,
  currency varchar(3) not null,
  amount bigint not null,
  gateway varchar(32) not null,
  payment_method bigint not null,
  -- Its holder is there, and is sent to their bank where that wants to ask them.
  by_hand boolean not null default false,
  state varchar(9) not null default 'created',
  intent varchar(255),
  url text not null default '',
  code varchar(64) not null default '',
  message text not null default '',
  payment bigint,
  created_at timestamptz not null,
  -- The machine's time at which it was asked for first; keys are worth something for a day from then.
  asked_at timestamptz,
  look_at timestamptz,
  looks integer not null default 0,
  ended_on date,
  retry_on date,
  told_at timestamptz,
  constraint card_charge_attempt_once unique (cloud, invoice, attempt),
  constraint card_charge_of_cloud unique (cloud, id),
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  foreign key (cloud, invoice) references invoice (cloud, id),
  foreign key (cloud, payment_method) references payment_method (cloud, id),
  foreign key (cloud, payment) references payment (cloud, id),
  constraint card_charge_above_nothing check (amount > 0),
  constraint card_charge_state_known
    check (state in ('created', 'unknown', 'pending', 'succeeded', 'failed')),
  constraint card_charge_paid check ((payment is not null) = (state = 'succeeded'))
);
create unique index card_charge_unfinished on card_charge (cloud, invoice)
  where state in ('created', 'unknown', 'pending');
create unique index card_charge_of_intent on card_charge (cloud, gateway, intent)
  where intent is not null;
create index card_charge_due on card_charge (look_at) where look_at is not null;
create index card_charge_again on card_charge (retry_on) where retry_on is not null;
create index card_charge_of_subscriber on card_charge (cloud, subscriber, id);
create index card_charge_of_payment on card_charge (cloud, payment) where payment is not null;

-- A refund that a gateway makes.
create table card_refund (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint not null,
  refund bigint not null,
  card_charge bigint not null,
  gateway_refund varchar(255),
  asked_at timestamptz,
  look_at timestamptz default now(),
  looks integer not null default 0,
  constraint card_refund_once unique (cloud, refund),
  foreign key (cloud, refund) references refund (cloud, id),
  foreign key (cloud, card_charge) references card_charge (cloud, id)
);
create unique index card_refund_at_gateway on card_refund (cloud, gateway_refund)
  where gateway_refund is not null;
create index card_refund_due on card_refund (look_at) where look_at is not null;

create table card_dispute (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint not null,
  card_charge bigint not null,
  dispute varchar(255) not null,
  amount bigint not null,
  state varchar(4) not null default 'open',
  constraint card_dispute_once unique (cloud, dispute),
  foreign key (cloud, card_charge) references card_charge (cloud, id),
  constraint card_dispute_state_known check (state in ('open', 'won', 'lost'))
);

create table card_payout (
  id bigserial primary key,
  cloud bigint not null references cloud,
  gateway varchar(32) not null,
  payout varchar(255) not null,
  currency varchar(3) not null,
  amount bigint not null,
  paid_on date not null,
  constraint card_payout_once unique (cloud, gateway, payout)
);

-- What a gateway keeps of a payment for itself.
create table payment_fee (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint not null references cloud,
  subscriber bigint,
  payment bigint not null,
  amount bigint not null,
  day date not null,
  constraint payment_fee_once unique (payment),
  foreign key (cloud, payment) references payment (cloud, id),
  constraint payment_fee_in_range check (amount >= 0)
);

-- What a gateway told by itself: that something changed. A worker reads what.
create table gateway_event (
  id bigserial primary key,
  cloud bigint not null references cloud,
  gateway varchar(32) not null,
  event varchar(255) not null,
  kind varchar(64) not null,
  object varchar(255) not null,
  received_at timestamptz not null,
  look_at timestamptz,
  looks integer not null default 0,
  constraint gateway_event_once unique (cloud, gateway, event)
);
create index gateway_event_due on gateway_event (look_at) where look_at is not null;
create index gateway_event_by_time on gateway_event (received_at);

do $$
declare name text;
begin
  foreach name in array array['payment_fee', 'card_payout'] loop
    execute format(
      'create trigger %I before update or delete on %I for each row execute function refuse_change()',
      name || '_stays', name);
  end loop;
  foreach name in array array['payment_fee', 'card_payout', 'card_charge', 'card_refund', 'card_dispute']
  loop
    execute format(
      'create trigger %I before truncate on %I for each statement execute function refuse_change()',
      name || '_is_not_emptied', name);
  end loop;
end $$;

-- What was asked for stays as it was asked for; one that succeeded stays so.
create function card_charge_stays() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE'
    or (new.id, new.cloud, new.subscriber, new.invoice, new.attempt, new.currency, new.amount,
        new.gateway, new.payment_method, new.by_hand)
       is distinct from (old.id, old.cloud, old.subscriber, old.invoice, old.attempt, old.currency,
        old.amount, old.gateway, old.payment_method, old.by_hand)
    or (old.state = 'succeeded' and (new.state, new.payment, new.intent)
        is distinct from (old.state, old.payment, old.intent))
    or (old.intent is not null and new.intent is distinct from old.intent)
  then
    raise exception 'a charge is never changed once written' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger card_charge_stays before update or delete on card_charge
  for each row execute function card_charge_stays();

-- A refund that a gateway said was made may fail days later; `failed_on` is when the money was back.
alter table refund add column failed_on date,
  add constraint refund_failed_on check (failed_on is null or state = 'failed');
create or replace function refund_stays() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' or old.state = 'failed'
    or (old.state = 'succeeded' and not (new.state = 'failed' and new.failed_on is not null))
    or (old.state = 'pending' and new.failed_on is not null)
    or (to_jsonb(new) - '{state,failed_on,reference_begun}'::text[])
       is distinct from (to_jsonb(old) - '{state,failed_on,reference_begun}'::text[])
  then
    raise exception 'a refund is never changed once written' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;

create or replace function refund_lines(ids bigint[]) returns setof ledger_line
language sql stable set search_path = public, pg_temp as $$
  with r as (
    select r.*, party_of(r.issuer, r.cloud, r.subscriber) as party,
           case r.gateway when '' then 'cash' else 'clearing' end as money
    from refund r
    where r.id = any(ids) and (r.state = 'succeeded' or r.failed_on is not null)
  )
  select r.issuer, r.cloud, r.subscriber, r.refunded_on, 'refund', 'refund ' || r.id, r.reference,
         l.account, l.party, r.currency, l.amount, r.id, l.place
  from r cross join lateral (values
    ('credit', r.party, r.amount, 1), (r.money, r.gateway, -r.amount, 2)
  ) as l (account, party, amount, place)
  union all
  select r.issuer, r.cloud, r.subscriber, r.failed_on, 'refund', 'refund ' || r.id || ' failed',
         r.reference, l.account, l.party, r.currency, l.amount, r.id, l.place
  from r cross join lateral (values
    ('credit', r.party, -r.amount, 1), (r.money, r.gateway, r.amount, 2)
  ) as l (account, party, amount, place)
  where r.failed_on is not null
$$;

-- What of a refund that failed was taken out of sources is free again.
create or replace function keep_credit(payments bigint[], notes bigint[]) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  delete from credit_source c where c.payment = any(payments) or c.note = any(notes);
  insert into credit_source (issuer, cloud, subscriber, payment, note, day, free)
  select * from (
    select p.issuer, p.cloud, p.subscriber, p.id, null::bigint as note, p.paid_on,
      case when exists (select from payment_return r where r.payment = p.id) then 0 else p.amount end
      - coalesce((select sum(a.amount) from allocation a where a.cloud = p.cloud and a.payment = p.id), 0)
      - coalesce((select sum(f.amount) from refund_part f
                  join refund r on r.cloud = f.cloud and r.id = f.refund and r.state <> 'failed'
                  where f.cloud = p.cloud and f.payment = p.id), 0)
      as free
    from payment p
    where p.id = any(payments) and case p.issuer when 0 then p.cloud else p.subscriber end is not null
    union all
    select i.issuer, i.cloud, i.subscriber, null, i.id, i.issued_on,
      -i.total
      - coalesce((select sum(a.amount) from allocation a where a.cloud = i.cloud and a.note = i.id), 0)
      - coalesce((select sum(f.amount) from refund_part f
                  join refund r on r.cloud = f.cloud and r.id = f.refund and r.state <> 'failed'
                  where f.cloud = i.cloud and f.note = i.id), 0)
    from invoice i where i.id = any(notes) and i.total < 0 and i.credits is null
  ) s where s.free <> 0;
end $$;
create function credit_is_back() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  payments bigint[];
  notes bigint[];
begin
  select array_agg(distinct f.payment) filter (where f.payment is not null),
         array_agg(distinct f.note) filter (where f.note is not null)
  into payments, notes
  from added r join refund_part f on f.cloud = r.cloud and f.refund = r.id where r.state = 'failed';
  perform keep_credit(coalesce(payments, '{}'), coalesce(notes, '{}'));
  return null;
end $$;
create trigger credit_is_back after update on refund referencing new table as added
  for each statement execute function credit_is_back();

create function payment_fee_lines(ids bigint[]) returns setof ledger_line
language sql stable set search_path = public, pg_temp as $$
  select f.issuer, f.cloud, f.subscriber, f.day, 'fee', 'payment ' || f.payment, p.reference, l.account,
         l.party, p.currency, l.amount, f.id, l.place
  from payment_fee f join payment p on p.id = f.payment
  cross join lateral (values
    ('fees', '', f.amount, 1), ('clearing', p.gateway, -f.amount, 2)
  ) as l (account, party, amount, place)
  where f.id = any(ids)
$$;
create function card_payout_lines(ids bigint[]) returns setof ledger_line
language sql stable set search_path = public, pg_temp as $$
  select o.cloud, o.cloud, null::bigint, o.paid_on, 'payout', 'payout ' || o.id, o.payout, l.account,
         l.party, o.currency, l.amount, o.id, l.place
  from card_payout o
  cross join lateral (values
    ('cash', '', o.amount, 1), ('clearing', o.gateway, -o.amount, 2)
  ) as l (account, party, amount, place)
  where o.id = any(ids)
$$;
create trigger is_posted after insert on payment_fee referencing new table as added
  for each statement execute function is_posted('payment_fee_lines');
create trigger is_posted after insert on card_payout referencing new table as added
  for each statement execute function is_posted('card_payout_lines');
