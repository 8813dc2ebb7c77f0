-- Work that somebody asked for on a page and that workers do: customers from a large file, a tariff
-- tried on many cameras. Kept for a day.
create table task (
  id bigserial primary key,
  cloud bigint not null references cloud,
  kind varchar(16) not null,
  asked_by bigint not null,
  session bigint,
  address varchar(64) not null default '',
  digest varchar(64) not null,
  wanted jsonb not null,
  asked_at timestamptz not null,
  created_at timestamptz not null default now(),
  state varchar(8) not null default 'waiting',
  done integer not null default 0,
  total integer not null,
  result jsonb,
  message text not null default '',
  started_at timestamptz,
  finished_at timestamptz,
  constraint task_kind_known check (kind in ('import', 'try')),
  constraint task_state_known check (state in ('waiting', 'running', 'done', 'failed'))
);
-- The same that is asked for twice at once, by a double click, is done once.
create unique index task_once_at_a_time on task (cloud, asked_by, digest)
  where state in ('waiting', 'running');
create index task_of_person on task (cloud, asked_by, id);
