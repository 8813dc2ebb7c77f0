-- What each tariff brought in a closed month, by subscriber: written by the close, so that the list
-- of tariffs of a cloud with 100 000 cameras sums some thousand rows. A camera that changed its
-- tariff within the month counts where it was last.
create table tariff_month (
  id bigserial primary key,
  cloud bigint not null references cloud,
  period bigint not null,
  tariff bigint not null,
  subscriber bigint not null,
  cameras integer not null,
  revenue bigint not null,
  cost bigint not null,
  commission bigint not null,
  foreign key (cloud, period) references period (cloud, id),
  foreign key (cloud, tariff) references tariff (cloud, id),
  constraint tariff_month_once unique (cloud, period, tariff, subscriber)
);
create index tariff_month_of_tariff on tariff_month (cloud, tariff, period);

-- Months that are closed by now; `books.actions.closing.tariffs` writes those to come.
insert into tariff_month (cloud, period, tariff, subscriber, cameras, revenue, cost, commission)
select m.cloud, m.period, s.tariff, m.subscriber, count(*), sum(m.revenue), sum(m.cost),
       sum(m.commission)
from margin m
join period p on p.cloud = m.cloud and p.id = m.period
join lateral (
  select one.tariff from subscription one
  where one.cloud = m.cloud and one.camera = m.camera and one.subscriber = m.subscriber
    and one.starts_on < (p.starts_on + interval '1 month')::date
  order by one.starts_on desc limit 1
) s on true
group by m.cloud, m.period, s.tariff, m.subscriber;

create trigger tariff_month_stays before update or delete on tariff_month
  for each row execute function refuse_change();
create trigger tariff_month_is_not_emptied before truncate on tariff_month
  for each statement execute function refuse_change();

-- Who is on a tariff today.
create index subscription_of_tariff on subscription (cloud, tariff, ends_on, starts_on, subscriber);
