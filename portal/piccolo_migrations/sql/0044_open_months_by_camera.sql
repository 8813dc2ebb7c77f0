-- What is left of each camera in a month that is not closed, as its draft found it: reports of open
-- months read the same shape as those of closed ones. Made anew with each draft, gone after the close.
create table draft_margin (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  camera bigint not null,
  subscriber bigint,
  charges bigint not null,
  revenue bigint not null,
  cost bigint not null,
  commission bigint not null,
  constraint draft_margin_once unique nulls not distinct (cloud, month, camera, subscriber)
);
create index draft_margin_by_margin on draft_margin
  (cloud, month, (revenue - cost - commission), camera);
create index draft_margin_of_subscriber on draft_margin (cloud, month, subscriber);

-- The same by subscriber, and by tariff and subscriber with a row of all subscribers together.
create table draft_subscriber (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  subscriber bigint not null,
  charges bigint not null,
  revenue bigint not null,
  cost bigint not null,
  commission bigint not null,
  constraint draft_subscriber_once unique (cloud, month, subscriber)
);
create index draft_subscriber_by_margin on draft_subscriber
  (cloud, month, (revenue - cost - commission), subscriber);
create table draft_tariff (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  tariff bigint not null,
  subscriber bigint,
  cameras integer not null,
  charges bigint not null,
  revenue bigint not null,
  cost bigint not null,
  commission bigint not null,
  constraint draft_tariff_once unique nulls not distinct (cloud, month, tariff, subscriber)
);

-- Revenue, cost and commissions of each day so far, spread from what the draft comes to.
alter table draft add column by_day jsonb not null default '[]';

-- Sums of usage by tariff and by referral stand beside those of the whole cloud.
alter table usage_sum add column of bigint not null default 0;
alter table usage_sum drop constraint usage_sum_once;
alter table usage_sum add constraint usage_sum_once unique (cloud, month, basis, kind, of, key);
alter table usage_sum drop constraint usage_sum_basis_known;
alter table usage_sum alter column basis type varchar(8);
alter table usage_sum add constraint usage_sum_basis_known
  check (basis in ('used', 'served', 'tariff', 'referral'));
alter table usage_sum drop constraint usage_sum_kind_known;
alter table usage_sum alter column kind type varchar(7);
alter table usage_sum add constraint usage_sum_kind_known
  check (kind in ('meter', 'day', 'count', 'days', 'version'));
