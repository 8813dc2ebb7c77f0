-- On how many cameras of a large cloud each day of a month has no usage, kept with its drafts: a page
-- reads one row. A mark of `draft_mark` says that it is older than what it is about.
create table missing_days (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  -- The first day that is not in it.
  until date not null,
  -- Whether its close had begun: then only usage can change it.
  begun boolean not null,
  -- A day after the other, from the first of the month on: cameras subscribed on it, and those of them
  -- without usage; 0 and 0 where none lacks it.
  subscribed integer[] not null,
  missing integer[] not null,
  constraint missing_days_once unique (cloud, month),
  constraint missing_days_same_length check (cardinality(subscribed) = cardinality(missing))
);
