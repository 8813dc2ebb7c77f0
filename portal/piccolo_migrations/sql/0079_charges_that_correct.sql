-- Charges about a month before their own, a few of very many, are found without going through the others.
alter table charge add column corrects boolean not null default false;
alter table charge disable trigger user;
update charge c set corrects = true from period p
where p.cloud = c.cloud and p.id = c.period and c.original_period <> p.starts_on;
alter table charge enable trigger user;
create index charge_that_corrects on charge (cloud, period) where corrects;

-- The days on which usage changed after the close, a bit each, bit 0 the first; 0 where nobody kept them.
alter table usage_change add column days bigint not null default 0;
-- The same of what a month corrected: its close takes the marks away.
create table corrected_days (
  id bigserial primary key,
  cloud bigint not null references cloud,
  period bigint not null,
  month date not null,
  camera bigint not null,
  days bigint not null,
  foreign key (cloud, period) references period (cloud, id),
  constraint corrected_days_some check (days > 0),
  constraint corrected_days_once unique (cloud, period, month, camera)
);
