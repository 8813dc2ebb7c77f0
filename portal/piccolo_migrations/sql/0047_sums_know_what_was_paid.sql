-- What is kept of documents follows money, too: the sums of months, and from when a customer owes.

-- Of documents, the total less all that was taken off: below 0 only while a credit note is written.
create function document_rests(documents bigint[]) returns table (invoice bigint, rest bigint)
language sql stable set search_path = public, pg_temp as $$
  select i.id, (i.total
    + coalesce((select sum(n.total) from invoice n where n.cloud = i.cloud and n.credits = i.id), 0)
    - coalesce((select sum(a.amount) from allocation a where a.cloud = i.cloud and a.invoice = i.id), 0)
    - coalesce((select sum(w.amount) from write_off w where w.cloud = i.cloud and w.invoice = i.id), 0)
  )::bigint
  from invoice i where i.id = any(documents)
$$;

create or replace function sum_invoices(of_cloud bigint, of_month date) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  delete from invoice_sum where cloud = of_cloud and month = of_month;
  insert into invoice_sum (cloud, issuer, side, month, due_on, currency, documents, total, taxable,
    open, open_total, open_left, settled, settled_total, notes, notes_total)
  select b.cloud, b.issuer, b.side, b.month, b.due_on, b.currency, count(*), sum(b.total),
         sum(b.taxable), count(*) filter (where b.rest > 0),
         coalesce(sum(b.total) filter (where b.rest > 0), 0), coalesce(sum(b.rest), 0),
         count(*) filter (where b.total > 0 and b.rest = 0),
         coalesce(sum(b.total) filter (where b.total > 0 and b.rest = 0), 0),
         count(*) filter (where b.total <= 0), coalesce(sum(b.total) filter (where b.total <= 0), 0)
  from (
    select i.*, greatest(0, i.total
      + coalesce((select sum(n.total) from invoice n where n.cloud = i.cloud and n.credits = i.id), 0)
      - coalesce((select sum(a.amount) from allocation a where a.cloud = i.cloud and a.invoice = i.id), 0)
      - coalesce((select sum(w.amount) from write_off w where w.cloud = i.cloud and w.invoice = i.id), 0))
      as rest
    from invoice i where i.cloud = of_cloud and i.month = of_month
  ) b
  group by b.cloud, b.issuer, b.side, b.month, b.due_on, b.currency;
end $$;

create or replace function keep_owes_from(subscribers bigint[]) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  update subscriber c set owes_from = n.owes_from
  from (
    select c.id, coalesce((
      select min(i.due_on) from invoice i
      where i.cloud = c.cloud and i.subscriber = c.id and i.side = 'retail' and i.total
        + coalesce((select sum(n.total) from invoice n where n.cloud = i.cloud and n.credits = i.id), 0)
        - coalesce((select sum(a.amount) from allocation a where a.cloud = i.cloud and a.invoice = i.id), 0)
        - coalesce((select sum(w.amount) from write_off w where w.cloud = i.cloud and w.invoice = i.id), 0)
        > 0
    ), 'infinity') as owes_from
    from subscriber c where c.id = any(subscribers) order by c.id for no key update
  ) n
  where c.id = n.id and c.owes_from <> n.owes_from;
end $$;

-- What is left of documents changed by so much: a month's sums are moved, not made anew, since a month
-- may have a hundred thousand.
create function move_sums(documents bigint[], changes bigint[]) returns void
language sql set search_path = public, pg_temp as $$
  update invoice_sum s
  set open = s.open + d.opened, open_total = s.open_total + d.opened_total,
      open_left = s.open_left + d.more_left, settled = s.settled - d.opened,
      settled_total = s.settled_total - d.opened_total
  from (
    select b.cloud, b.month, b.side, b.issuer, b.due_on, b.currency,
           sum((b.now > 0)::int - (b.before > 0)::int) as opened,
           sum(b.total * ((b.now > 0)::int - (b.before > 0)::int)) as opened_total,
           sum(b.now - b.before) as more_left
    from (
      select i.*, greatest(0, r.rest) as now, greatest(0, r.rest - c.change) as before
      from (select invoice, sum(change)::bigint as change
            from unnest(documents, changes) as u (invoice, change) group by invoice) c
      join document_rests(documents) r on r.invoice = c.invoice
      join invoice i on i.id = c.invoice and i.total > 0
    ) b
    group by b.cloud, b.month, b.side, b.issuer, b.due_on, b.currency
  ) d
  where s.cloud = d.cloud and s.month = d.month and s.side = d.side and s.issuer = d.issuer
    and s.due_on is not distinct from d.due_on and s.currency = d.currency
$$;

create function lock_sums(clouds bigint[]) returns void
language sql set search_path = public, pg_temp as $$
  select pg_advisory_xact_lock(hashtextextended('sums of documents of ' || one.cloud, 0))
  from (select distinct cloud from unnest(clouds) as u (cloud) order by cloud) one
$$;

create function paid_is_summed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  clouds bigint[];
  documents bigint[];
  changes bigint[];
begin
  select array_agg(cloud), array_agg(invoice), array_agg(-amount)
  into clouds, documents, changes from added;
  if documents is not null then
    perform lock_sums(clouds);
    perform move_sums(documents, changes);
    perform keep_owes_from(array_agg(distinct subscriber)) from added
    where subscriber is not null having count(*) > 0;
  end if;
  return null;
end $$;
create trigger paid_is_summed after insert on allocation
  referencing new table as added for each statement execute function paid_is_summed();
create trigger written_off_is_summed after insert on write_off
  referencing new table as added for each statement execute function paid_is_summed();

-- A close makes its months anew; a credit note by hand moves its own and that of its invoice.
create or replace function invoices_are_summed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform lock_sums(array_agg(cloud)) from added having count(*) > 0;
  if exists (select from added where credits is null) then
    perform sum_invoices(one.cloud, one.month) from (
      select cloud, month from added
      union
      select i.cloud, i.month from added a join invoice i on i.cloud = a.cloud and i.id = a.credits
    ) one;
  else
    insert into invoice_sum as s (cloud, issuer, side, month, due_on, currency, documents, total, taxable,
      open, open_total, open_left, settled, settled_total, notes, notes_total)
    select cloud, issuer, side, month, due_on, currency, count(*), sum(total), sum(taxable),
           0, 0, 0, 0, 0, count(*), sum(total)
    from added group by cloud, issuer, side, month, due_on, currency
    on conflict on constraint invoice_sum_once do update
      set documents = s.documents + excluded.documents, total = s.total + excluded.total,
          taxable = s.taxable + excluded.taxable, notes = s.notes + excluded.notes,
          notes_total = s.notes_total + excluded.notes_total;
    perform move_sums(array_agg(credits), array_agg(total)) from added having count(*) > 0;
  end if;
  update subscriber c set owes_from = n.due_on
  from (
    select s.id, a.due_on from (
      select subscriber, min(due_on) as due_on from added
      where side = 'retail' and subscriber is not null and credits is null and total > 0
      group by subscriber
    ) a join subscriber s on s.id = a.subscriber order by s.id for no key update of s
  ) n
  where c.id = n.id and c.owes_from > n.due_on;
  perform keep_owes_from(array_agg(distinct subscriber))
  from added
  where side = 'retail' and subscriber is not null and credits is not null having count(*) > 0;
  return null;
end $$;
