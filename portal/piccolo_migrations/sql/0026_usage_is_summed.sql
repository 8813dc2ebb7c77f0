-- What all cameras of a large cloud used in a month, as of the last estimate: a page reads a few dozen
-- rows and says of when they are. `used` is of cameras, `served` of the customers whom they served.
create table usage_sum (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  basis varchar(6) not null,
  -- A meter's sum and the sum of each camera's peak; how many cameras had usage on a day, by its offset;
  -- or how many lines a page has, and how many cameras: 0 and 1.
  kind varchar(5) not null,
  key integer not null,
  total numeric(60, 0) not null,
  peak numeric(60, 0) not null,
  as_of timestamptz not null,
  constraint usage_sum_once unique (cloud, month, basis, kind, key),
  constraint usage_sum_basis_known check (basis in ('used', 'served')),
  constraint usage_sum_kind_known check (kind in ('meter', 'day', 'count'))
);
create index usage_sum_of_month on usage_sum (month, basis);
