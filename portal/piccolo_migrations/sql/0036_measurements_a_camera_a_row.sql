-- What was measured of a camera is one row for each side that it was measured for: its customer's, or the
-- platform's, without a subscriber. A close wrote seven rows a camera with three indexes each, and nobody reads
-- one of them alone.
create table measurement_of_camera (
  id bigserial primary key,
  cloud bigint not null,
  period bigint not null,
  camera bigint not null,
  subscriber bigint,
  subscriptions bigint[] not null,
  services bigint[] not null,
  bases numeric(60,0)[] not null,
  days bigint[] not null,
  constraint measurement_whole check (
    cardinality(subscriptions) = cardinality(services) and cardinality(bases) = cardinality(services)
    and cardinality(days) = cardinality(services))
);
insert into measurement_of_camera
  (cloud, period, camera, subscriber, subscriptions, services, bases, days)
select cloud, period, camera, subscriber, array_agg(subscription order by id),
       array_agg(service order by id), array_agg(base order by id), array_agg(days order by id)
from measurement group by cloud, period, camera, subscriber order by min(id);
drop table measurement;
alter table measurement_of_camera rename to measurement;
alter sequence measurement_of_camera_id_seq rename to measurement_id_seq;
alter table measurement rename constraint measurement_of_camera_pkey to measurement_pkey;
create unique index measurement_once on measurement (cloud, period, subscriber, camera) nulls not distinct;
create trigger measurement_only_while_closing after insert on measurement
  referencing new table as written for each statement execute function only_while_closing();
create trigger measurement_stays before update or delete on measurement
  for each row execute function refuse_change();
create trigger measurement_is_not_emptied before truncate on measurement
  for each statement execute function refuse_change();

-- Most charges are the platform's, and nobody's in this index.
drop index charge_of_subscriber;
create index charge_of_subscriber on charge (cloud, subscriber, period) where subscriber is not null;
