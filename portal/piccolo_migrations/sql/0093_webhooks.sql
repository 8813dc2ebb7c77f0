-- Webhooks: where an operator's own systems are told what happens, what was told, and how that went.

create table webhook_endpoint (
  id bigserial primary key,
  cloud bigint not null references cloud,
  url varchar(500) not null,
  -- Which types of events it is told, "*" for all.
  types text[] not null,
  description varchar(200) not null default '',
  enabled boolean not null default true,
  secret bytea not null,
  -- For a day after a rotation both sign.
  old_secret bytea,
  old_until timestamptz,
  -- Since when no try has succeeded; why it was switched off, "" where nobody but a person did.
  failing_since timestamptz,
  off_reason text not null default '',
  served_at timestamptz,
  created_at timestamptz not null default now(),
  removed_at timestamptz,
  constraint webhook_endpoint_of_cloud unique (cloud, id),
  constraint webhook_endpoint_types_named check (cardinality(types) > 0),
  constraint webhook_endpoint_removed check (removed_at is null or not enabled)
);

-- What happened. `facts` are those of the moment, from which `body` is written when it is told first.
create table webhook_event (
  id bigserial primary key,
  cloud bigint not null references cloud,
  event varchar(40) not null,
  type varchar(40) not null,
  about bigint,
  facts jsonb not null,
  happened_at timestamptz not null,
  created_at timestamptz not null,
  body text,
  constraint webhook_event_of_cloud unique (cloud, id),
  constraint webhook_event_once unique (event)
);
create index webhook_event_by_time on webhook_event (created_at);

create table webhook_delivery (
  id bigserial primary key,
  cloud bigint not null references cloud,
  endpoint bigint not null,
  event bigint not null,
  state varchar(9) not null default 'waiting',
  -- Tries of this round: a replay begins another.
  tries integer not null default 0,
  due_at timestamptz not null,
  created_at timestamptz not null default now(),
  delivered_at timestamptz,
  constraint webhook_delivery_once unique (cloud, endpoint, event),
  constraint webhook_delivery_of_cloud unique (cloud, id),
  foreign key (cloud, endpoint) references webhook_endpoint (cloud, id),
  foreign key (cloud, event) references webhook_event (cloud, id),
  constraint webhook_delivery_state_known
    check (state in ('waiting', 'sending', 'delivered', 'failed'))
);
create index webhook_delivery_due on webhook_delivery (endpoint, due_at, id)
  where state in ('waiting', 'sending');
create index webhook_delivery_sending on webhook_delivery (cloud, endpoint) where state = 'sending';
create index webhook_delivery_listed on webhook_delivery (cloud, endpoint, id desc);
create index webhook_delivery_of_event on webhook_delivery (cloud, event);

create table webhook_try (
  id bigserial primary key,
  cloud bigint not null references cloud,
  delivery bigint not null,
  at timestamptz not null,
  status integer,
  ms integer not null,
  error text not null default '',
  answer text not null default '',
  foreign key (cloud, delivery) references webhook_delivery (cloud, id)
);
create index webhook_try_of_delivery on webhook_try (cloud, delivery, id);

-- Up to which day invoices that became overdue have been told.
create table webhook_overdue (
  id bigserial primary key,
  cloud bigint not null references cloud,
  told_to date not null,
  constraint webhook_overdue_once unique (cloud)
);

create function wants_events(of_cloud bigint, what text) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
  select exists (
    select from webhook_endpoint e
    where e.cloud = of_cloud and e.enabled and e.removed_at is null
      and e.types && array['*', what])
$$;

-- The only way to write events: in the transaction of their cause, for the endpoints that want them.
create function note_events(
  of_cloud bigint, what text, at timestamptz, abouts bigint[], all_facts jsonb[], only_to bigint
) returns bigint
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  told bigint[];
  noted bigint;
begin
  if app_role() is null or (app_cloud() is not null and of_cloud is distinct from app_cloud())
    or (app_role() = 'system' and not pg_has_role(session_user, 'camledger_worker', 'member'))
  then
    raise exception 'this is not this actor''s to tell' using errcode = 'insufficient_privilege';
  end if;
  select array_agg(e.id) into told from webhook_endpoint e
  where e.cloud = of_cloud and e.removed_at is null
    and case when only_to is null then e.enabled and e.types && array['*', what]
             else e.id = only_to end;
  if told is null then
    return null;
  end if;
  with made as (
    insert into webhook_event (cloud, event, type, about, facts, happened_at, created_at)
    select of_cloud, 'evt_' || replace(gen_random_uuid()::text, '-', ''), what, u.about, u.facts,
           coalesce(at, book_now()), clock_timestamp()
    from unnest(abouts, all_facts) as u (about, facts)
    returning id
  ), sent as (
    insert into webhook_delivery (cloud, endpoint, event, due_at)
    select of_cloud, t.endpoint, m.id, clock_timestamp() from made m cross join unnest(told) as t (endpoint)
    returning id
  )
  select min(id) into noted from sent;
  return noted;
end $$;

-- The same of documents that the cloud issued, as many as there are: what of them changes is kept as
-- it stands, the rest of an issued document never does.
create function note_documents(
  of_cloud bigint, what text, at timestamptz, today date, documents bigint[]
) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if not wants_events(of_cloud, what) then
    return;
  end if;
  perform note_events(of_cloud, what, at, array_agg(b.invoice order by b.invoice), array_agg(
    jsonb_build_object('paid', b.paid, 'credited', b.credited, 'written_off', b.written_off,
      'left', b.left, 'disputed', b.disputed, 'in_collection', b.in_collection, 'status', b.status,
      'today', today) order by b.invoice), null)
  from document_balance b
  where b.cloud = of_cloud and b.issuer = of_cloud and b.invoice = any(documents)
    and (what <> 'invoice.paid' or b.status = 'paid')
  having count(*) > 0;
end $$;
