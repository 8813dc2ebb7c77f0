-- What lists and home pages ask of a cloud with 100 000 cameras, kept where it changes.

-- The day on which the last subscription ends, `infinity` for one without an end: who has none today is
-- found by an index. One that begins later is looked for by its first day.
alter table camera add column served_until date not null default '-infinity';
alter table subscriber add column served_until date not null default '-infinity';
update camera c set served_until = s.until
from (select cloud, camera, max(coalesce(ends_on, 'infinity')) as until from subscription
      group by cloud, camera) s
where c.cloud = s.cloud and c.id = s.camera;
update subscriber c set served_until = s.until
from (select cloud, subscriber, max(coalesce(ends_on, 'infinity')) as until from subscription
      group by cloud, subscriber) s
where c.cloud = s.cloud and c.id = s.subscriber;
create index camera_served_until on camera (cloud, served_until, id);
create index subscriber_served_until on subscriber (cloud, served_until, id);
create index subscription_begins on subscription (cloud, starts_on) include (camera, subscriber);
create index subscription_until_of_subscriber on subscription (cloud, subscriber, ends_on);
drop index subscription_of_subscriber;

create function keep_served_until(cameras bigint[], subscribers bigint[]) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  update camera c set served_until = n.until
  from (
    select c.id, coalesce((select max(coalesce(s.ends_on, 'infinity')) from subscription s
                           where s.cloud = c.cloud and s.camera = c.id), '-infinity') as until
    from camera c where c.id = any(cameras) order by c.id for no key update
  ) n
  where c.id = n.id and c.served_until <> n.until;
  update subscriber c set served_until = n.until
  from (
    select c.id, coalesce((select coalesce(s.ends_on, 'infinity') from subscription s
                           where s.cloud = c.cloud and s.subscriber = c.id
                           order by s.ends_on desc limit 1), '-infinity') as until
    from subscriber c where c.id = any(subscribers) order by c.id for no key update
  ) n
  where c.id = n.id and c.served_until <> n.until;
end $$;

create function subscriptions_are_noted() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'DELETE' then
    perform keep_served_until(array_agg(distinct camera), array_agg(distinct subscriber))
    from before having count(*) > 0;
  elsif tg_op = 'INSERT' then
    perform keep_served_until(array_agg(distinct camera), array_agg(distinct subscriber))
    from after having count(*) > 0;
  else
    perform keep_served_until(array_agg(distinct camera), array_agg(distinct subscriber))
    from (select camera, subscriber from before union all select camera, subscriber from after) one
    having count(*) > 0;
  end if;
  return null;
end $$;
create trigger subscriptions_are_noted_new after insert on subscription
  referencing new table as after for each statement execute function subscriptions_are_noted();
create trigger subscriptions_are_noted_gone after delete on subscription
  referencing old table as before for each statement execute function subscriptions_are_noted();
create trigger subscriptions_are_noted_changed after update on subscription
  referencing old table as before new table as after
  for each statement execute function subscriptions_are_noted();

-- Documents of a month with one due day, summed as they are issued or credited.
create table invoice_sum (
  id bigserial primary key,
  cloud bigint not null references cloud,
  issuer bigint not null,
  side varchar(9) not null,
  month date not null,
  due_on date,
  currency varchar(3) not null,
  documents integer not null,
  total bigint not null,
  taxable bigint not null,
  open integer not null,
  open_total bigint not null,
  open_left bigint not null,
  settled integer not null,
  settled_total bigint not null,
  notes integer not null,
  notes_total bigint not null,
  constraint invoice_sum_once unique nulls not distinct (cloud, month, side, issuer, due_on, currency)
);

create function sum_invoices(of_cloud bigint, of_month date) returns void
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
    select i.*, greatest(0, i.total + coalesce((
             select sum(n.total) from invoice n where n.cloud = i.cloud and n.credits = i.id), 0))
           as rest
    from invoice i where i.cloud = of_cloud and i.month = of_month
  ) b
  group by b.cloud, b.issuer, b.side, b.month, b.due_on, b.currency;
end $$;

create function invoices_are_summed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('sums of documents of ' || one.cloud, 0))
  from (select distinct cloud from added order by cloud) one;
  perform sum_invoices(one.cloud, one.month) from (
    select cloud, month from added
    union
    select i.cloud, i.month from added a join invoice i on i.cloud = a.cloud and i.id = a.credits
  ) one;
  return null;
end $$;
create trigger invoices_are_summed after insert on invoice
  referencing new table as added for each statement execute function invoices_are_summed();
select sum_invoices(one.cloud, one.month) from (select distinct cloud, month from invoice) one;

-- What each subscriber's month came to, once it is closed: who earns least is the first of an index.
create table subscriber_month (
  id bigserial primary key,
  cloud bigint not null references cloud,
  period bigint not null,
  subscriber bigint not null,
  revenue bigint not null,
  cost bigint not null,
  commission bigint not null,
  foreign key (cloud, period) references period (cloud, id),
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  constraint subscriber_month_once unique (cloud, period, subscriber)
);
create index subscriber_month_by_margin on subscriber_month
  (cloud, period, (revenue - cost - commission), subscriber);
insert into subscriber_month (cloud, period, subscriber, revenue, cost, commission)
select cloud, period, subscriber, sum(revenue), sum(cost), sum(commission)
from margin where subscriber is not null group by cloud, period, subscriber;
create trigger subscriber_month_stays before update or delete on subscriber_month
  for each row execute function refuse_change();
create trigger subscriber_month_is_not_emptied before truncate on subscriber_month
  for each statement execute function refuse_change();
create index margin_by_margin on margin (cloud, period, (revenue - cost - commission), camera);

-- The few customers without an e-mail address, and the few that are suspended.
create index subscriber_without_email on subscriber (cloud, id) where email = '';
create index subscriber_suspended on subscriber (cloud, id) where suspended;
create index camera_suspended on camera (cloud, id) where suspended;
create index camera_unowned on camera (cloud, id) where subscriber is null;

-- How many cameras are on a tariff, and were a month before: of a large cloud an estimate counts them.
alter table estimate_sum
  add column cameras integer not null default 0,
  add column cameras_before integer not null default 0;

-- Documents in each order that their list offers.
create index invoice_by_side on invoice (cloud, side, id);
create index invoice_by_name on invoice (cloud, side, lower(buyer->>'name'), id);
create index invoice_by_side_and_month on invoice (cloud, side, month, id);
create index invoice_by_issue on invoice (cloud, side, issued_on, id);
create index invoice_by_due on invoice (cloud, side, coalesce(due_on, 'infinity'), id);
create index invoice_by_total on invoice (cloud, side, total, id);
