-- Backups that workers make once a day, by the machine's clock. One stands ahead, not begun.
create table backup (
  id bigserial primary key,
  due_at timestamptz not null,
  began_at timestamptz,
  ended_at timestamptz,
  file text not null default '',
  size bigint not null default 0,
  error text not null default '',
  removed_at timestamptz,
  constraint backup_in_order check (
    (ended_at is null or began_at is not null) and size >= 0)
);
create unique index backup_ahead on backup ((true)) where ended_at is null;
create index backup_kept on backup (ended_at) where file <> '' and removed_at is null;
