-- Statements: what a referral is paid for a month, and what is held, pending, payable until then.

alter table cloud
  add column statement_day integer not null default 5,
  add column payout_threshold numeric(24, 6) not null default 20,
  add constraint cloud_statement_day_in_range check (statement_day between 1 and 28),
  add constraint cloud_payout_threshold_in_range check (payout_threshold >= 0);
alter table referral
  add column hold_days integer not null default 30,
  add constraint referral_hold_days_in_range check (hold_days between 0 and 365);

-- The day of issue, or of a note or an allocation: what is earned is pending from then.
alter table commission disable trigger commission_stays;
update commission m set day = i.issued_on from invoice i where i.id = m.invoice and m.day is null;
alter table commission enable trigger commission_stays;
alter table commission
  alter column day set default (book_now() at time zone 'UTC')::date,
  alter column day set not null;
alter table commission add constraint commission_of_cloud unique (cloud, id);
create index commission_by_day on commission (cloud, referral, day);

create table statement (
  id bigserial primary key,
  cloud bigint not null references cloud,
  referral bigint not null,
  month date not null,
  state varchar(8) not null default 'draft',
  number varchar(40),
  sequence integer,
  currency varchar(3) not null,
  entries integer not null,
  carried bigint not null,
  amount bigint not null,
  made_at timestamptz not null,
  made_by varchar(254) not null,
  approved_at timestamptz,
  approved_on date,
  approved_by varchar(254) not null default '',
  payer jsonb,
  payee jsonb,
  paid_on date,
  reference varchar(140) not null default '',
  ended_at timestamptz,
  ended_by varchar(254) not null default '',
  reason text not null default '',
  foreign key (cloud, referral) references referral (cloud, id),
  constraint statement_of_cloud unique (cloud, id),
  constraint statement_number_once unique (cloud, number),
  constraint statement_state_known
    check (state in ('draft', 'dropped', 'approved', 'void', 'paid')),
  constraint statement_above_nothing check (amount > 0 and entries > 0),
  constraint statement_number_at_approval
    check ((number is null) = (state in ('draft', 'dropped'))
      and num_nulls(number, sequence, approved_at, approved_on, payer, payee) in (0, 6)),
  constraint statement_paid_on_a_day check ((paid_on is null) = (state <> 'paid'))
);
-- One of a referral and month at most.
create unique index statement_once on statement (cloud, referral, month)
  where state not in ('dropped', 'void');
create index statement_in_order on statement (cloud, id);
create index statement_of_referral on statement (cloud, referral, id);
create index statement_to_do on statement (cloud) where state = 'draft';

-- The commissions of a statement. Those of one that was dropped or voided are `freed`.
create table statement_entry (
  id bigserial primary key,
  cloud bigint not null references cloud,
  referral bigint not null,
  statement bigint not null,
  commission bigint not null,
  freed boolean not null default false,
  foreign key (cloud, statement) references statement (cloud, id),
  foreign key (cloud, commission) references commission (cloud, id)
);
create unique index statement_entry_once on statement_entry (cloud, commission) where not freed;
create index statement_entry_of_statement on statement_entry (cloud, statement, commission);

-- The months of which a cloud's statements were drafted by the clock.
create table statement_run (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  constraint statement_run_once unique (cloud, month)
);

-- The last number of a cloud's statements of a year.
create table statement_series (
  id bigserial primary key,
  cloud bigint not null references cloud,
  year integer not null,
  last_number integer not null,
  constraint statement_series_once unique (cloud, year)
);

-- What waits until somebody has looked: what a referral earned on a document of its own person.
create table commission_hold (
  id bigserial primary key,
  cloud bigint not null references cloud,
  referral bigint not null,
  invoice bigint not null,
  level integer not null,
  why varchar(12) not null,
  held_at timestamptz not null default book_now(),
  released_at timestamptz,
  released_by varchar(254) not null default '',
  reason text not null default '',
  foreign key (cloud, referral) references referral (cloud, id),
  foreign key (cloud, invoice) references invoice (cloud, id),
  constraint commission_hold_once unique (cloud, invoice, referral, level),
  constraint commission_hold_why_known check (why in ('email', 'tax_number'))
);
create index commission_hold_of_referral on commission_hold (cloud, referral)
  where released_at is null;

-- The law of who is the same person is `portal.billing.payouts.statement.is_same_person`. It is asked as the
-- commission is earned: whoever changes an address afterwards changes nothing of it.
create function bare_text(told text) returns text language sql immutable
  return lower(regexp_replace(told, '\s', '', 'g'));
create function self_referrals_are_held() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  insert into commission_hold (cloud, referral, invoice, level, why)
  select distinct a.cloud, a.referral, a.invoice, a.level,
         case when bare_text(r.email) = bare_text(s.email) and bare_text(r.email) <> ''
              then 'email' else 'tax_number' end
  from added a
  join referral r on r.cloud = a.cloud and r.id = a.referral
  join subscriber s on s.cloud = a.cloud and s.id = a.subscriber
  where a.amount > 0
    and (bare_text(r.email) = bare_text(s.email) and bare_text(r.email) <> ''
      or bare_text(r.tax_number) = bare_text(s.tax_number) and bare_text(r.tax_number) <> '')
  order by a.cloud, a.invoice, a.referral, a.level
  on conflict do nothing;
  return null;
end $$;
insert into commission_hold (cloud, referral, invoice, level, why)
select distinct a.cloud, a.referral, a.invoice, a.level,
       case when bare_text(r.email) = bare_text(s.email) and bare_text(r.email) <> ''
            then 'email' else 'tax_number' end
from commission a
join referral r on r.cloud = a.cloud and r.id = a.referral
join subscriber s on s.cloud = a.cloud and s.id = a.subscriber
where a.amount > 0
  and (bare_text(r.email) = bare_text(s.email) and bare_text(r.email) <> ''
    or bare_text(r.tax_number) = bare_text(s.tax_number) and bare_text(r.tax_number) <> '');
create trigger self_referrals_are_held after insert on commission
  referencing new table as added for each statement execute function self_referrals_are_held();

-- What a referral earned on a day and is on no statement yet, without what was taken back. What is
-- pending is summed of few days, however many documents there are.
create table commission_day (
  id bigserial primary key,
  cloud bigint not null references cloud,
  referral bigint not null,
  earned_on date not null,
  open bigint not null,
  foreign key (cloud, referral) references referral (cloud, id),
  constraint commission_day_once unique (cloud, referral, earned_on)
);
create function sum_commission_days(clouds bigint[], referrals bigint[], days date[]) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('sums of commissions of ' || one.cloud, 0))
  from (select distinct cloud from unnest(clouds) t(cloud) order by cloud) one;
  delete from commission_day d using unnest(clouds, referrals, days) t(cloud, referral, day)
  where d.cloud = t.cloud and d.referral = t.referral and d.earned_on = t.day;
  insert into commission_day (cloud, referral, earned_on, open)
  select m.cloud, m.referral, m.day, sum(m.amount)
  from unnest(clouds, referrals, days) t(cloud, referral, day)
  join commission m on m.cloud = t.cloud and m.referral = t.referral and m.day = t.day
  where m.amount > 0 and not exists (
    select from statement_entry e where e.cloud = m.cloud and e.commission = m.id and not e.freed)
  group by m.cloud, m.referral, m.day;
end $$;
create function commissions_are_summed_by_day() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform sum_commission_days(array_agg(cloud), array_agg(referral), array_agg(day))
  from (select distinct cloud, referral, day from added) t;
  return null;
end $$;
create trigger commissions_are_summed_by_day after insert on commission
  referencing new table as added for each statement
  execute function commissions_are_summed_by_day();
create function stated_days_are_summed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform sum_commission_days(array_agg(t.cloud), array_agg(t.referral), array_agg(t.day))
  from (select distinct m.cloud, m.referral, m.day
        from added a join commission m on m.cloud = a.cloud and m.id = a.commission) t;
  return null;
end $$;
create trigger stated_days_are_summed after insert on statement_entry
  referencing new table as added for each statement execute function stated_days_are_summed();
create trigger freed_days_are_summed after update on statement_entry
  referencing new table as added for each statement execute function stated_days_are_summed();
insert into commission_day (cloud, referral, earned_on, open)
select cloud, referral, day, sum(amount) from commission where amount > 0
group by cloud, referral, day;

-- From its approval on a statement says what it says; what was paid, voided or dropped is over.
create function statements_stay() returns trigger language plpgsql as $$
begin
  if (new.id, new.cloud, new.referral, new.month, new.currency, new.entries, new.carried, new.amount,
      new.made_at, new.made_by)
     is distinct from
     (old.id, old.cloud, old.referral, old.month, old.currency, old.entries, old.carried, old.amount,
      old.made_at, old.made_by)
    or old.state in ('dropped', 'void', 'paid')
    or old.state = 'approved' and (
      new.state not in ('approved', 'void', 'paid')
      or (new.number, new.sequence, new.approved_at, new.approved_on, new.approved_by, new.payer,
          new.payee)
        is distinct from
        (old.number, old.sequence, old.approved_at, old.approved_on, old.approved_by, old.payer,
         old.payee))
    or old.state = 'draft' and new.state not in ('draft', 'dropped', 'approved')
  then
    raise exception 'a statement is not changed like that' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger statements_stay before update on statement
  for each row execute function statements_stay();
create trigger statement_is_not_deleted before delete on statement
  for each row execute function refuse_change();
create trigger statement_is_not_emptied before truncate on statement
  for each statement execute function refuse_change();
create function statement_entries_stay() returns trigger language plpgsql as $$
begin
  if (new.id, new.cloud, new.referral, new.statement, new.commission)
     is distinct from (old.id, old.cloud, old.referral, old.statement, old.commission)
    or old.freed
    or not exists (select from statement t where t.cloud = new.cloud and t.id = new.statement
                   and t.state in ('dropped', 'void'))
  then
    raise exception 'an entry of a statement is not changed like that'
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger statement_entries_stay before update on statement_entry
  for each row execute function statement_entries_stay();
create trigger statement_entry_is_not_deleted before delete on statement_entry
  for each row execute function refuse_change();
create trigger statement_entry_is_not_emptied before truncate on statement_entry
  for each statement execute function refuse_change();

-- What is paid of them stands in the ledger.
create function statement_lines(ids bigint[]) returns setof ledger_line
language sql stable set search_path = public, pg_temp as $$
  select t.cloud, t.cloud, null::bigint, t.paid_on, 'statement_paid', 'statement ' || t.id, t.number,
         l.account, l.party, t.currency, l.amount, t.id, l.place
  from statement t join referral r on r.cloud = t.cloud and r.id = t.referral
  cross join lateral (values
    ('commission_payable', r.code, t.amount, 1), ('cash', '', -t.amount, 2)
  ) as l (account, party, amount, place)
  where t.id = any(ids) and t.state = 'paid'
$$;
create trigger is_posted_later after update on statement referencing new table as added
  for each statement execute function is_posted('statement_lines');
