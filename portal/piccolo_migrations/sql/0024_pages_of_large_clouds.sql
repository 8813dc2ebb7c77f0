-- What pages ask of every customer and every camera of a cloud, kept where it changes.

-- How many cameras lost money in a closed month, and how much: its margins never change.
alter table period
  add column losing integer not null default 0,
  add column lost bigint not null default 0;
alter table period disable trigger period_stays_closed;
update period p set losing = l.losing, lost = l.lost
from (
  select cloud, period, count(*) as losing, -sum(margin) as lost from (
    select cloud, period, sum(revenue - cost - commission) as margin from margin
    group by cloud, period, camera having sum(revenue - cost - commission) < 0
  ) one group by cloud, period
) l
where p.cloud = l.cloud and p.id = l.period and p.state = 'closed';
alter table period enable trigger period_stays_closed;

-- Whom nothing reaches, or documents cannot be addressed to, is few.
alter table subscriber add column unreachable boolean not null
  generated always as (email = '' or cardinality(address) = 0) stored;
create index subscriber_unreachable on subscriber (cloud, id) where unreachable;

-- The first due day of what is left to pay, `infinity` where nothing is: who is overdue is found by an
-- index, and told of each by one look at it.
alter table subscriber add column owes_from date not null default 'infinity';
create function keep_owes_from(subscribers bigint[]) returns void
language plpgsql set search_path = public, pg_temp as $$
begin
  update subscriber c set owes_from = n.owes_from
  from (
    select c.id, coalesce((
      select min(i.due_on) from invoice i
      where i.cloud = c.cloud and i.subscriber = c.id and i.side = 'retail' and i.total + coalesce((
        select sum(n.total) from invoice n where n.cloud = i.cloud and n.credits = i.id), 0) > 0
    ), 'infinity') as owes_from
    from subscriber c where c.id = any(subscribers) order by c.id for no key update
  ) n
  where c.id = n.id and c.owes_from <> n.owes_from;
end $$;
select keep_owes_from(array_agg(distinct subscriber)) from invoice where subscriber is not null;
create index subscriber_owes_from on subscriber (cloud, owes_from, id);

create or replace function invoices_are_summed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('sums of documents of ' || one.cloud, 0))
  from (select distinct cloud from added order by cloud) one;
  perform sum_invoices(one.cloud, one.month) from (
    select cloud, month from added
    union
    select i.cloud, i.month from added a join invoice i on i.cloud = a.cloud and i.id = a.credits
  ) one;
  perform keep_owes_from(array_agg(distinct subscriber))
  from added where side = 'retail' and subscriber is not null having count(*) > 0;
  return null;
end $$;
