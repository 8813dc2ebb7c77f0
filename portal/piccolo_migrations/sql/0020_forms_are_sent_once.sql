-- The keys of forms that somebody has sent and whose deed is done: a second click does nothing.
create table sent_form (
  id bigserial primary key,
  user_id bigint not null,
  key varchar(64) not null,
  sent_at timestamptz not null default now(),
  constraint sent_form_once unique (user_id, key)
);
create index sent_form_by_time on sent_form (sent_at);
