-- When the books were held to what they were made of, and what was found. One stands ahead, not begun.
create table verification (
  id bigserial primary key,
  due_at timestamptz not null,
  began_at timestamptz,
  ended_at timestamptz,
  differences integer not null default 0,
  named jsonb not null default '[]',
  constraint verification_in_order check (
    (ended_at is null or began_at is not null) and differences >= 0)
);
create unique index verification_ahead on verification ((true)) where ended_at is null;
