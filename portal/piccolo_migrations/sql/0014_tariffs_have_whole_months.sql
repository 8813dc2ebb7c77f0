-- A month of a tariff is one row beside those by subscriber, so that who sees the whole cloud reads
-- twelve rows for twelve months, however many subscribers there are. Its subscriber is null.
alter table tariff_month
  alter column subscriber drop not null,
  drop constraint tariff_month_once,
  add constraint tariff_month_once
    unique nulls not distinct (cloud, period, tariff, subscriber);

insert into tariff_month (cloud, period, tariff, subscriber, cameras, revenue, cost, commission)
select cloud, period, tariff, null, sum(cameras), sum(revenue), sum(cost), sum(commission)
from tariff_month group by cloud, period, tariff;

drop index tariff_month_of_tariff;
create index tariff_month_of_tariff on tariff_month (cloud, tariff, period)
  where subscriber is null;
