-- What a tariff's page, a referral's home and lists of services ask of every camera and every
-- commission of a cloud, summed once.

-- What cameras cost in a closed month, by tariff, by the depth of their archive, and all of them:
-- made by a worker after the close (`books.actions.real_use`), also of months that were closed before.
create table real_use (
  id bigserial primary key,
  cloud bigint not null references cloud,
  period bigint not null,
  kind varchar(6) not null,
  of bigint not null default 0,
  service bigint,
  cameras integer not null,
  amount bigint not null,
  numerators numeric(60,0)[] not null default '{}',
  denominators numeric(60,0)[] not null default '{}',
  foreign key (cloud, period) references period (cloud, id),
  constraint real_use_kind_known check (kind in ('all', 'tariff', 'depth')),
  constraint real_use_once unique nulls not distinct (cloud, period, kind, of, service)
);
create trigger real_use_stays before update or delete on real_use
  for each row execute function refuse_change();
create trigger real_use_is_not_emptied before truncate on real_use
  for each statement execute function refuse_change();

-- What a referral earned in a month: on each level, and on all of them together, which is level 0.
-- Summed as commissions are written, so that a home page reads a row a month.
create table commission_sum (
  id bigserial primary key,
  cloud bigint not null references cloud,
  referral bigint not null,
  month date not null,
  level integer not null,
  entries integer not null,
  subscribers integer not null,
  documents integer not null,
  amount bigint not null,
  foreign key (cloud, referral) references referral (cloud, id),
  constraint commission_sum_once unique (cloud, referral, month, level)
);
create index commission_sum_of_month on commission_sum (cloud, month, referral);

create function commissions_are_summed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('sums of commissions of ' || one.cloud, 0))
  from (select distinct cloud from added order by cloud) one;
  delete from commission_sum s using (select distinct cloud, referral, month from added) a
  where s.cloud = a.cloud and s.referral = a.referral and s.month = a.month;
  insert into commission_sum
    (cloud, referral, month, level, entries, subscribers, documents, amount)
  select m.cloud, m.referral, m.month, coalesce(m.level, 0), count(*), count(distinct m.subscriber),
         count(distinct m.invoice), sum(m.amount)
  from (select distinct cloud, referral, month from added) a
  join commission m on m.cloud = a.cloud and m.referral = a.referral and m.month = a.month
  group by m.cloud, m.referral, m.month, rollup(m.level);
  return null;
end $$;
insert into commission_sum
  (cloud, referral, month, level, entries, subscribers, documents, amount)
select m.cloud, m.referral, m.month, coalesce(m.level, 0), count(*), count(distinct m.subscriber),
       count(distinct m.invoice), sum(m.amount)
from commission m group by m.cloud, m.referral, m.month, rollup(m.level);
create trigger commissions_are_summed after insert on commission
  referencing new table as added for each statement execute function commissions_are_summed();

-- Commissions in the orders that lists offer, and those on one subscriber.
create index commission_in_order on commission (cloud, referral, id);
create index commission_on_subscriber on commission (cloud, referral, subscriber, month);
create index commission_of_referral_and_month on commission (cloud, referral, month, id);
drop index commission_of_referral;

-- Subscribers of a referral by number, by name, and by when their last subscription ends.
create index subscriber_of_referral_by_number on subscriber (cloud, referral, number)
  where referral is not null;
create index subscriber_of_referral_by_name on subscriber (cloud, referral, lower(name), number)
  where referral is not null;
create index subscriber_of_referral_until on subscriber (cloud, referral, served_until)
  where referral is not null;
drop index subscriber_of_referral;
-- And those of an account manager.
create index subscriber_of_manager on subscriber (cloud, account_manager, id)
  where account_manager is not null;

-- How many cameras are in an organization or under a preset, as the last complete reading counted them.
alter table watcher_organization add column cameras integer not null default 0;
alter table watcher_preset add column cameras integer not null default 0;
with living as (
  select i.cloud, coalesce(n.same_as, n.id) as watcher, i.organization, count(*) as cameras
  from camera_interval i join connection n on n.id = i.connection
  where i.until is null group by 1, 2, 3
)
update watcher_organization o set cameras = l.cameras from living l
where l.cloud = o.cloud and l.watcher = o.watcher and l.organization = o.organization;
with living as (
  select i.cloud, coalesce(n.same_as, n.id) as watcher, i.preset, count(*) as cameras
  from camera_interval i join connection n on n.id = i.connection
  where i.until is null group by 1, 2, 3
)
update watcher_preset p set cameras = l.cameras from living l
where l.cloud = p.cloud and l.watcher = p.watcher and l.preset = p.preset;
