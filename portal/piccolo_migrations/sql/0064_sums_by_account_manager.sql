-- What is kept of documents and payments is kept by account manager, too: that of whoever takes care of the
-- customer now. So an account manager's page reads some rows, as everybody else's.
alter table invoice_sum
  add column account_manager bigint,
  drop constraint invoice_sum_once,
  add constraint invoice_sum_once
    unique nulls not distinct (cloud, month, side, issuer, due_on, currency, account_manager);
alter table payment_sum
  add column account_manager bigint,
  drop constraint payment_sum_once,
  add constraint payment_sum_once unique nulls not distinct (cloud, paid_on, currency, account_manager);

-- The sums of a cloud's month, or of all documents of a subscriber.
create function summed_documents(of_cloud bigint, of_month date, of_subscriber bigint)
returns setof invoice_sum language sql stable set search_path = public, pg_temp as $$
  select 0::bigint, b.cloud, b.issuer, b.side, b.month, b.due_on, b.currency, count(*)::int,
         sum(b.total)::bigint, sum(b.taxable)::bigint, count(*) filter (where b.rest > 0)::int,
         coalesce(sum(b.total) filter (where b.rest > 0), 0)::bigint, coalesce(sum(b.rest), 0)::bigint,
         count(*) filter (where b.total > 0 and b.rest = 0)::int,
         coalesce(sum(b.total) filter (where b.total > 0 and b.rest = 0), 0)::bigint,
         count(*) filter (where b.total <= 0)::int,
         coalesce(sum(b.total) filter (where b.total <= 0), 0)::bigint, b.account_manager
  from (
    select i.*, c.account_manager, greatest(0, i.total
      + coalesce((select sum(n.total) from invoice n where n.cloud = i.cloud and n.credits = i.id), 0)
      - coalesce((select sum(a.amount) from allocation a where a.cloud = i.cloud and a.invoice = i.id), 0)
      - coalesce((select sum(w.amount) from write_off w where w.cloud = i.cloud and w.invoice = i.id), 0))
      as rest
    from (
      select * from invoice where cloud = of_cloud and month = of_month
      union all
      select * from invoice where cloud = of_cloud and subscriber = of_subscriber
    ) i left join subscriber c on c.id = i.subscriber
  ) b
  group by b.cloud, b.issuer, b.side, b.month, b.due_on, b.currency, b.account_manager
$$;

create or replace function sum_invoices(of_cloud bigint, of_month date) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  delete from invoice_sum where cloud = of_cloud and month = of_month;
  insert into invoice_sum (cloud, issuer, side, month, due_on, currency, documents, total, taxable, open,
    open_total, open_left, settled, settled_total, notes, notes_total, account_manager)
  select cloud, issuer, side, month, due_on, currency, documents, total, taxable, open,
    open_total, open_left, settled, settled_total, notes, notes_total, account_manager
  from summed_documents(of_cloud, of_month, null);
end $$;

create or replace function move_sums(documents bigint[], changes bigint[]) returns void
language sql set search_path = public, pg_temp as $$
  update invoice_sum s
  set open = s.open + d.opened, open_total = s.open_total + d.opened_total,
      open_left = s.open_left + d.more_left, settled = s.settled - d.opened,
      settled_total = s.settled_total - d.opened_total
  from (
    select b.cloud, b.month, b.side, b.issuer, b.due_on, b.currency, b.account_manager,
           sum((b.now > 0)::int - (b.before > 0)::int) as opened,
           sum(b.total * ((b.now > 0)::int - (b.before > 0)::int)) as opened_total,
           sum(b.now - b.before) as more_left
    from (
      select i.*, u.account_manager, greatest(0, r.rest) as now,
             greatest(0, r.rest - c.change) as before
      from (select invoice, sum(change)::bigint as change
            from unnest(documents, changes) as u (invoice, change) group by invoice) c
      join document_rests(documents) r on r.invoice = c.invoice
      join invoice i on i.id = c.invoice and i.total > 0
      left join subscriber u on u.id = i.subscriber
    ) b
    group by b.cloud, b.month, b.side, b.issuer, b.due_on, b.currency, b.account_manager
  ) d
  where s.cloud = d.cloud and s.month = d.month and s.side = d.side and s.issuer = d.issuer
    and s.due_on is not distinct from d.due_on and s.currency = d.currency
    and s.account_manager is not distinct from d.account_manager
$$;

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
      open, open_total, open_left, settled, settled_total, notes, notes_total, account_manager)
    select a.cloud, a.issuer, a.side, a.month, a.due_on, a.currency, count(*), sum(a.total),
           sum(a.taxable), 0, 0, 0, 0, 0, count(*), sum(a.total), c.account_manager
    from added a left join subscriber c on c.id = a.subscriber
    group by a.cloud, a.issuer, a.side, a.month, a.due_on, a.currency, c.account_manager
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

-- Money of a subscriber in the sums of its account manager, taken out of or put into it.
create function move_receipts(payments bigint[], sign integer) returns void
language sql set search_path = public, pg_temp as $$
  insert into payment_sum as s (cloud, currency, paid_on, account_manager, payments, amount)
  select p.issuer, p.currency, p.paid_on, c.account_manager, sign * count(*), sign * sum(p.amount)
  from payment p left join subscriber c on c.id = p.subscriber
  where p.id = any(payments) and p.issuer <> 0
  group by p.issuer, p.currency, p.paid_on, c.account_manager
  on conflict on constraint payment_sum_once do update
    set payments = s.payments + excluded.payments, amount = s.amount + excluded.amount
$$;

create or replace function receipts_are_summed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  clouds bigint[];
  moved bigint[];
begin
  select array_agg(distinct issuer) into clouds from added where issuer <> 0;
  if clouds is null then
    return null;
  end if;
  perform lock_sums(clouds);
  if tg_table_name = 'payment' then
    select array_agg(id) into moved from added;
    perform move_receipts(moved, 1);
    if tg_op = 'UPDATE' then
      -- Before somebody said whose it is it was nobody's.
      insert into payment_sum as s (cloud, currency, paid_on, account_manager, payments, amount)
      select issuer, currency, paid_on, null, -count(*), -sum(amount) from added where issuer <> 0
      group by issuer, currency, paid_on
      on conflict on constraint payment_sum_once do update
        set payments = s.payments + excluded.payments, amount = s.amount + excluded.amount;
    end if;
  else
    select array_agg(payment) into moved from added;
    perform move_receipts(moved, -1);
  end if;
  return null;
end $$;
create trigger receipts_are_summed_identified after update on payment
  referencing new table as added for each statement execute function receipts_are_summed();

-- Whoever takes care of a customer takes its sums along. The lock is taken before the row is: by the action.
create function sums_follow_account_manager() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform lock_sums(array[new.cloud]);
  update invoice_sum s
  set documents = s.documents - d.documents, total = s.total - d.total, taxable = s.taxable - d.taxable,
      open = s.open - d.open, open_total = s.open_total - d.open_total,
      open_left = s.open_left - d.open_left, settled = s.settled - d.settled,
      settled_total = s.settled_total - d.settled_total, notes = s.notes - d.notes,
      notes_total = s.notes_total - d.notes_total
  from summed_documents(new.cloud, null, new.id) d
  where s.cloud = d.cloud and s.month = d.month and s.side = d.side and s.issuer = d.issuer
    and s.due_on is not distinct from d.due_on and s.currency = d.currency
    and s.account_manager is not distinct from old.account_manager;
  delete from invoice_sum
  where cloud = new.cloud and account_manager is not distinct from old.account_manager and documents = 0;
  insert into invoice_sum as s (cloud, issuer, side, month, due_on, currency, documents, total, taxable,
    open, open_total, open_left, settled, settled_total, notes, notes_total, account_manager)
  select cloud, issuer, side, month, due_on, currency, documents, total, taxable,
    open, open_total, open_left, settled, settled_total, notes, notes_total, account_manager
  from summed_documents(new.cloud, null, new.id)
  on conflict on constraint invoice_sum_once do update
    set documents = s.documents + excluded.documents, total = s.total + excluded.total,
        taxable = s.taxable + excluded.taxable, open = s.open + excluded.open,
        open_total = s.open_total + excluded.open_total, open_left = s.open_left + excluded.open_left,
        settled = s.settled + excluded.settled, settled_total = s.settled_total + excluded.settled_total,
        notes = s.notes + excluded.notes, notes_total = s.notes_total + excluded.notes_total;
  update payment_sum s set payments = s.payments - d.payments, amount = s.amount - d.amount
  from (
    select p.currency, p.paid_on, count(*) as payments, sum(p.amount) as amount from payment p
    where p.cloud = new.cloud and p.subscriber = new.id and p.issuer = new.cloud
      and not exists (select from payment_return r where r.payment = p.id)
    group by p.currency, p.paid_on
  ) d
  where s.cloud = new.cloud and s.currency = d.currency and s.paid_on = d.paid_on
    and s.account_manager is not distinct from old.account_manager;
  perform move_receipts(array_agg(p.id), 1) from payment p
  where p.cloud = new.cloud and p.subscriber = new.id and p.issuer = new.cloud
    and not exists (select from payment_return r where r.payment = p.id)
  having count(*) > 0;
  return null;
end $$;
create trigger sums_follow_account_manager after update of account_manager on subscriber for each row
  when (old.account_manager is distinct from new.account_manager)
  execute function sums_follow_account_manager();

select sum_invoices(one.cloud, one.month) from (select distinct cloud, month from invoice) one;
delete from payment_sum;
select move_receipts(array_agg(p.id), 1) from payment p
where not exists (select from payment_return r where r.payment = p.id) having count(*) > 0;
