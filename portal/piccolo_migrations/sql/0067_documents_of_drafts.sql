-- What a document says beside its lines and figures, which draft_invoice has: the close takes it from the
-- draft as it is where the subscriber is still the one of `facts`, a digest.
create table draft_document (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  subscriber bigint not null,
  facts varchar(64) not null,
  locale varchar(16) not null,
  buyer jsonb not null,
  earned jsonb not null,
  collected jsonb not null,
  constraint draft_document_once unique (cloud, month, subscriber)
);
create index draft_tariff_of_subscriber on draft_tariff (cloud, month, subscriber);

-- A digest of all that the cameras of a draft were rated from, in order, empty where the close of the month
-- comes to more; the terms of its documents, and how the platform's discount is spread, as in period_settled.
alter table draft
  add column facts varchar(64) not null default '',
  add column terms varchar(64) not null default '',
  add column last_remainder numeric(60,0),
  add column last_camera text;

-- Whether the cameras of a period came to what they did in its draft, and nothing else is charged with them.
alter table period_settled add column drafted boolean not null default false;
