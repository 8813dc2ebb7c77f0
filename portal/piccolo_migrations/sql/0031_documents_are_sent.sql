-- Documents go to subscribers by e-mail, once each: a delivery of its own, beside those of people.
-- `copy` is 0 for the one that is sent with its month, 1 and more for those sent again by hand.
-- `due_at` is infinity while the PDF is not made. `taken` are the recipients that have it.
alter table delivery
  add column document bigint,
  add column copy integer not null default 0,
  add column recipients text[] not null default '{}',
  add column taken text[] not null default '{}',
  add constraint delivery_document foreign key (cloud, document) references invoice (cloud, id);
create unique index delivery_of_document on delivery (cloud, document, copy)
  where document is not null;
create index delivery_held on delivery (document)
  where document is not null and due_at = 'infinity' and state = 'waiting';
-- Mail of people goes before that of documents, and of these each cloud has its turn.
create index delivery_due_to_people on delivery (due_at, id)
  where state in ('waiting', 'sending') and document is null;
create index delivery_due_of_cloud on delivery (cloud, due_at, id)
  where state in ('waiting', 'sending') and document is not null;
create index delivery_broken_off on delivery (due_at) where state = 'sending';
drop index delivery_due;
create index delivery_failed on delivery (cloud, id) where state = 'failed';

-- How far the documents of a month are, kept where their deliveries change: a list of months reads a
-- row of each. Copies do not count.
create table sending_sum (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  waiting integer not null default 0,
  sent integer not null default 0,
  failed integer not null default 0,
  constraint sending_sum_once unique (cloud, month)
);
create function add_sending(clouds bigint[], documents bigint[], states text[], changes integer[])
returns void language plpgsql set search_path = public, pg_temp as $$
begin
  insert into sending_sum as s (cloud, month, waiting, sent, failed)
  select * from (
    select i.cloud, i.month,
      coalesce(sum(c.change) filter (where c.state in ('waiting', 'sending')), 0)::integer as waiting,
      coalesce(sum(c.change) filter (where c.state = 'sent'), 0)::integer as sent,
      coalesce(sum(c.change) filter (where c.state in ('failed', 'dropped')), 0)::integer as failed
    from unnest(clouds, documents, states, changes) as c (cloud, document, state, change)
    join invoice i on i.cloud = c.cloud and i.id = c.document
    group by i.cloud, i.month
  ) n
  where (n.waiting, n.sent, n.failed) <> (0, 0, 0)
  order by n.cloud, n.month
  on conflict (cloud, month) do update
  set waiting = s.waiting + excluded.waiting, sent = s.sent + excluded.sent,
      failed = s.failed + excluded.failed;
end $$;
create function sending_is_summed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    perform add_sending(array_agg(cloud), array_agg(document), array_agg(state::text), array_agg(1))
    from after where document is not null and copy = 0 having count(*) > 0;
  else
    perform add_sending(array_agg(cloud), array_agg(document), array_agg(state::text),
                        array_agg(change))
    from (
      select cloud, document, state, copy, -1 as change from before
      union all
      select cloud, document, state, copy, 1 from after
    ) c
    where document is not null and copy = 0 having count(*) > 0;
  end if;
  return null;
end $$;
create trigger sending_is_summed_new after insert on delivery
  referencing new table as after for each statement execute function sending_is_summed();
create trigger sending_is_summed_changed after update on delivery
  referencing old table as before new table as after
  for each statement execute function sending_is_summed();

-- What a cloud says in these mails, to whom one answers, and whether a close sends them by itself.
alter table cloud
  add column reply_to varchar(254) not null default '',
  add column invoice_text text[] not null default '{}',
  add column send_after_close boolean not null default false;

-- A month that was closed while its cloud sends by itself: until its documents are written down.
create table sending_due (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  constraint sending_due_once unique (cloud, month)
);

-- When somebody of the subscriber saw a document in the portal for the first time.
create table document_opening (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint not null,
  invoice bigint not null,
  opened_by varchar(254) not null,
  opened_at timestamptz not null,
  constraint document_opening_document foreign key (cloud, invoice) references invoice (cloud, id),
  constraint document_opening_once unique (cloud, invoice)
);
