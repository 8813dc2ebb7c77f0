-- Of a cloud's book: what came in on a day and was not returned, and what each account was moved by on
-- a day, summed where it is written. The platform's book has a few rows a cloud and month, and needs none.

create table payment_sum (
  id bigserial primary key,
  cloud bigint not null references cloud,
  currency varchar(3) not null,
  paid_on date not null,
  payments integer not null,
  amount bigint not null,
  constraint payment_sum_once unique (cloud, paid_on, currency)
);

-- `parties` are those whose first entry on the account is of this day.
create table entry_sum (
  id bigserial primary key,
  cloud bigint not null references cloud,
  account varchar(20) not null,
  currency varchar(3) not null,
  day date not null,
  amount bigint not null,
  parties integer not null,
  constraint entry_sum_once unique (cloud, account, currency, day)
);

create function receipts_are_summed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  clouds bigint[];
begin
  select array_agg(distinct issuer) into clouds from added where issuer <> 0;
  if clouds is null then
    return null;
  end if;
  perform lock_sums(clouds);
  if tg_table_name = 'payment' then
    insert into payment_sum as s (cloud, currency, paid_on, payments, amount)
    select issuer, currency, paid_on, count(*), sum(amount) from added where issuer <> 0
    group by issuer, currency, paid_on
    on conflict on constraint payment_sum_once do update
      set payments = s.payments + excluded.payments, amount = s.amount + excluded.amount;
  else
    update payment_sum s set payments = s.payments - d.payments, amount = s.amount - d.amount
    from (
      select p.issuer, p.currency, p.paid_on, count(*) as payments, sum(p.amount) as amount
      from added r join payment p on p.id = r.payment where p.issuer <> 0
      group by p.issuer, p.currency, p.paid_on
    ) d
    where s.cloud = d.issuer and s.currency = d.currency and s.paid_on = d.paid_on;
  end if;
  return null;
end $$;
create trigger receipts_are_summed after insert on payment
  referencing new table as added for each statement execute function receipts_are_summed();
create trigger receipts_are_summed after insert on payment_return
  referencing new table as added for each statement execute function receipts_are_summed();

create function entries_are_summed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  clouds bigint[];
begin
  select array_agg(distinct book) into clouds from added where book <> 0;
  if clouds is null then
    return null;
  end if;
  perform lock_sums(clouds);
  insert into entry_sum as s (cloud, account, currency, day, amount, parties)
  select book, account, currency, day, sum(amount), 0 from added where book <> 0
  group by book, account, currency, day
  on conflict on constraint entry_sum_once do update set amount = s.amount + excluded.amount;
  -- A party that is new counts on its first day; an entry of a day before takes it along.
  update entry_sum s set parties = s.parties + d.parties
  from (
    select p.book, p.account, p.currency, m.day, sum(m.parties) as parties
    from (
      select book, account, currency, party, min(day) as day, array_agg(id) as ids from added
      where book <> 0 and party <> '' group by book, account, currency, party
    ) p
    left join lateral (
      select e.day from entry e
      where e.book = p.book and e.account = p.account and e.party = p.party
        and e.currency = p.currency and e.id <> all(p.ids)
      order by e.day limit 1
    ) b on true
    cross join lateral (values (p.day, 1), (b.day, -1)) as m (day, parties)
    where (b.day is null or p.day < b.day) and m.day is not null
    group by p.book, p.account, p.currency, m.day
  ) d
  where s.cloud = d.book and s.account = d.account and s.currency = d.currency and s.day = d.day
    and d.parties <> 0;
  return null;
end $$;
create trigger entries_are_summed after insert on entry
  referencing new table as added for each statement execute function entries_are_summed();

insert into payment_sum (cloud, currency, paid_on, payments, amount)
select p.issuer, p.currency, p.paid_on, count(*) filter (where r.id is null),
       coalesce(sum(p.amount) filter (where r.id is null), 0)
from payment p left join payment_return r on r.payment = p.id
where p.issuer <> 0 group by p.issuer, p.currency, p.paid_on;

insert into entry_sum (cloud, account, currency, day, amount, parties)
select e.book, e.account, e.currency, e.day, sum(e.amount), count(*) filter (where e.is_first)
from (
  select book, account, currency, day, amount, party <> ''
         and row_number() over (partition by book, account, currency, party order by day, id) = 1
           as is_first
  from entry where book <> 0
) e
group by e.book, e.account, e.currency, e.day;
