-- What the draft of a month that is over rated of a range of cameras, as the close stores it: lines that
-- COPY takes. `facts` is a digest of all that it was rated from, and says whether it still holds.
create table draft_batch (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  first_camera bigint not null,
  last_camera bigint not null,
  facts varchar(64) not null,
  loose integer not null,
  charges bytea not null,
  measurements bytea not null,
  shares bytea not null,
  unrated bytea not null,
  constraint draft_batch_once unique (cloud, month, first_camera)
);

-- What a batch of a close was rated from.
alter table period_batch add column facts varchar(64) not null default '';
