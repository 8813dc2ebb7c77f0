-- The ledger: postings of what was written elsewhere, made where it is written, in the same transaction.
-- There is no table of accounts, and no balance is stored.

create table posting (
  id bigserial primary key,
  book bigint not null,
  cloud bigint,
  subscriber bigint,
  day date not null,
  kind varchar(16) not null,
  source varchar(64) not null,
  document varchar(140) not null,
  created_at timestamptz not null default book_now(),
  constraint posting_once unique (book, kind, source)
);
create index posting_by_day on posting (book, day, id);

-- No foreign keys: each of millions of rows would be checked, and triggers alone write them.
create table entry (
  id bigserial primary key,
  book bigint not null,
  cloud bigint,
  subscriber bigint,
  posting bigint not null,
  day date not null,
  account varchar(20) not null,
  party varchar(64) not null,
  currency varchar(3) not null,
  amount bigint not null
);
create index entry_of_posting on entry (posting);
create index entry_of_account on entry (book, account, party, day);

create function entries_sum_to_nothing() returns trigger language plpgsql as $$
begin
  if exists (select from added group by posting, currency having sum(amount) <> 0) then
    raise exception 'the entries of a posting sum to 0' using errcode = 'restrict_violation';
  end if;
  return null;
end $$;
create trigger entries_sum_to_nothing after insert on entry
  referencing new table as added for each statement execute function entries_sum_to_nothing();
do $$
declare name text;
begin
  foreach name in array array['posting', 'entry'] loop
    execute format(
      'create trigger %I before update or delete on %I for each row execute function refuse_change()',
      name || '_stays', name);
    execute format(
      'create trigger %I before truncate on %I for each statement execute function refuse_change()',
      name || '_is_not_emptied', name);
  end loop;
end $$;

-- A line of what is to be posted; `origin` is the row that it is of, `place` its place in the posting.
create type ledger_line as (
  book bigint, cloud bigint, subscriber bigint, day date, kind text, source text, document text,
  account text, party text, currency text, amount bigint, origin bigint, place integer);

-- Whose account it is: a subscriber's number in a cloud's book, a cloud's slug in the platform's.
create function party_of(of_issuer bigint, of_cloud bigint, of_subscriber bigint) returns text
language sql stable set search_path = public, pg_temp as $$
  select case of_issuer
    when 0 then (select c.slug from cloud c where c.id = of_cloud)
    else (select s.number::text from subscriber s where s.id = of_subscriber) end
$$;

create function document_lines(ids bigint[]) returns setof ledger_line
language sql stable set search_path = public, pg_temp as $$
  with d as (
    select i.*, case i.issuer when 0 then c.slug else s.number::text end as party,
           case when i.total > 0 or i.credits is not null then 'receivable' else 'credit' end as owed
    from invoice i join cloud c on c.id = i.cloud left join subscriber s on s.id = i.subscriber
    where i.id = any(ids)
  )
  select d.issuer, d.cloud, d.subscriber, d.issued_on, d.type, d.number, d.number, l.account, l.party,
         d.currency, l.amount, d.id, l.place
  from d cross join lateral (values
    (d.owed, d.party, d.total, 1), ('revenue', '', -d.taxable, 2), ('tax', '', -d.tax, 3)
  ) as l (account, party, amount, place)
  union all
  select d.cloud, d.cloud, null::bigint, d.issued_on, 'bill', d.number, d.number, l.account, '', d.currency,
         l.amount, d.id, l.place
  from d cross join lateral (values
    ('cost', d.taxable, 1), ('input_tax', d.tax, 2), ('payable', -d.total, 3)
  ) as l (account, amount, place)
  where d.issuer = 0
$$;

create function payment_lines(ids bigint[]) returns setof ledger_line
language sql stable set search_path = public, pg_temp as $$
  with p as (
    select p.*, party_of(p.issuer, p.cloud, p.subscriber) as party,
           p.identified_on is not null
             or case p.issuer when 0 then p.cloud else p.subscriber end is null as unknown
    from payment p where p.id = any(ids)
  )
  select p.issuer, p.cloud, p.subscriber, p.paid_on, 'payment', 'payment ' || p.id, p.reference,
         l.account, l.party, p.currency, l.amount, p.id, l.place
  from p cross join lateral (values
    (case p.gateway when '' then 'cash' else 'clearing' end, p.gateway, p.amount, 1),
    (case when p.unknown then 'suspense' else 'credit' end,
     case when p.unknown then '' else p.party end, -p.amount, 2)
  ) as l (account, party, amount, place)
  union all
  select p.issuer, p.cloud, p.subscriber, p.identified_on, 'identified', 'payment ' || p.id, p.reference,
         l.account, l.party, p.currency, l.amount, p.id, l.place
  from p cross join lateral (values
    ('suspense', '', p.amount, 1), ('credit', p.party, -p.amount, 2)
  ) as l (account, party, amount, place)
  where p.identified_on is not null
$$;

create function allocation_lines(ids bigint[]) returns setof ledger_line
language sql stable set search_path = public, pg_temp as $$
  with a as (
    select a.*, i.number, i.currency, party_of(a.issuer, a.cloud, a.subscriber) as party
    from allocation a join invoice i on i.cloud = a.cloud and i.id = a.invoice where a.id = any(ids)
  )
  select a.issuer, a.cloud, a.subscriber, a.day, 'allocation', 'allocation ' || a.id, a.number, l.account,
         a.party, a.currency, l.amount, a.id, l.place
  from a cross join lateral (values
    ('credit', a.amount, 1), ('receivable', -a.amount, 2)
  ) as l (account, amount, place)
  union all
  -- A credit note of the platform has lowered what its cloud has to pay already: no money moves for it.
  select a.cloud, a.cloud, null::bigint, a.day, 'bill_paid', 'allocation ' || a.id, a.number, l.account,
         '', a.currency, l.amount, a.id, l.place
  from a cross join lateral (values
    ('payable', a.amount, 1), ('cash', -a.amount, 2)
  ) as l (account, amount, place)
  where a.issuer = 0 and a.payment is not null
$$;

create function refund_lines(ids bigint[]) returns setof ledger_line
language sql stable set search_path = public, pg_temp as $$
  select r.issuer, r.cloud, r.subscriber, r.refunded_on, 'refund', 'refund ' || r.id, r.reference,
         l.account, l.party, r.currency, l.amount, r.id, l.place
  from refund r cross join lateral (values
    ('credit', party_of(r.issuer, r.cloud, r.subscriber), r.amount, 1),
    (case r.gateway when '' then 'cash' else 'clearing' end, r.gateway, -r.amount, 2)
  ) as l (account, party, amount, place)
  where r.id = any(ids) and r.state = 'succeeded'
$$;

create function payment_return_lines(ids bigint[]) returns setof ledger_line
language sql stable set search_path = public, pg_temp as $$
  select r.issuer, r.cloud, r.subscriber, r.returned_on, l.kind, 'return ' || r.id, p.reference, l.account,
         l.party, p.currency, l.amount, r.id, l.place
  from payment_return r join payment p on p.id = r.payment
  cross join lateral (
    select coalesce(party_of(r.issuer, r.cloud, r.subscriber), '') as party,
           case p.gateway when '' then 'cash' else 'clearing' end as money
  ) w
  cross join lateral (values
    ('return', case w.party when '' then 'suspense' else 'credit' end, w.party, p.amount, 1),
    ('return', w.money, p.gateway, -p.amount, 2),
    ('fee', 'fees', '', r.fee, 3), ('fee', w.money, p.gateway, -r.fee, 4)
  ) as l (kind, account, party, amount, place)
  where r.id = any(ids)
$$;

create function write_off_lines(ids bigint[]) returns setof ledger_line
language sql stable set search_path = public, pg_temp as $$
  select w.issuer, w.cloud, w.subscriber, w.day, case when w.amount > 0 then 'write_off' else 'recovery' end,
         'write-off ' || w.id, i.number, l.account, l.party, i.currency, l.amount, w.id, l.place
  from write_off w join invoice i on i.cloud = w.cloud and i.id = w.invoice
  cross join lateral (values
    ('bad_debt', '', w.amount, 1),
    ('receivable', party_of(w.issuer, w.cloud, w.subscriber), -w.amount, 2)
  ) as l (account, party, amount, place)
  where w.id = any(ids)
$$;

create function commission_lines(ids bigint[]) returns setof ledger_line
language sql stable set search_path = public, pg_temp as $$
  select m.cloud, m.cloud, null::bigint, coalesce(m.day, i.issued_on), 'commission', 'commission ' || m.id,
         m.document, l.account, l.party, i.currency, l.amount, m.id, l.place
  from commission m
  join invoice i on i.cloud = m.cloud and i.id = m.invoice
  join referral r on r.cloud = m.cloud and r.id = m.referral
  cross join lateral (values
    ('commission', '', m.amount, 1), ('commission_payable', r.code, -m.amount, 2)
  ) as l (account, party, amount, place)
  where m.id = any(ids)
$$;

-- Post the lines that a function makes of rows: what was posted before stays as it is.
create function post_lines(made_by text, ids bigint[]) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  execute format($post$
    with lines as materialized (select * from %I($1) l where l.amount <> 0),
    posted as (
      insert into posting (book, cloud, subscriber, day, kind, source, document)
      select book, cloud, subscriber, day, kind, source, document from (
        select distinct on (book, kind, source) * from lines order by book, kind, source, place
      ) one order by origin, place
      on conflict (book, kind, source) do nothing
      returning id, book, kind, source
    )
    insert into entry (book, cloud, subscriber, posting, day, account, party, currency, amount)
    select l.book,
           case when l.account in ('receivable', 'credit') then l.cloud when l.book <> 0 then l.book end,
           case when l.account in ('receivable', 'credit') then l.subscriber end,
           p.id, l.day, l.account, l.party, l.currency, l.amount
    from lines l join posted p on p.book = l.book and p.kind = l.kind and p.source = l.source
    order by p.id, l.place
  $post$, made_by) using ids;
end $$;

create function is_posted() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  ids bigint[];
begin
  select array_agg(id order by id) into ids from added;
  if ids is not null then
    perform post_lines(tg_argv[0], ids);
  end if;
  return null;
end $$;
do $$
declare
  name text;
  lines text;
begin
  for name, lines in select * from (values ('invoice', 'document_lines'), ('payment', 'payment_lines'),
    ('allocation', 'allocation_lines'), ('refund', 'refund_lines'),
    ('payment_return', 'payment_return_lines'), ('write_off', 'write_off_lines'),
    ('commission', 'commission_lines')) v
  loop
    execute format('create trigger is_posted after insert on %I referencing new table as added'
      ' for each statement execute function is_posted(%L)', name, lines);
  end loop;
  for name, lines in select * from (values ('payment', 'payment_lines'), ('refund', 'refund_lines')) v
  loop
    execute format('create trigger is_posted_later after update on %I referencing new table as added'
      ' for each statement execute function is_posted(%L)', name, lines);
  end loop;
end $$;

-- Documents and commissions from before, on the days on which they were issued.
select post_lines('document_lines', array_agg(id order by id)) from invoice having count(*) > 0;
select post_lines('commission_lines', array_agg(id order by id)) from commission having count(*) > 0;
