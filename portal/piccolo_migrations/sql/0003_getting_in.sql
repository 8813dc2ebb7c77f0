-- Links that lead in once: an invitation, another password, another e-mail address. Only the sha256
-- of each is kept. Several may be open for one purpose, since a mail that is sent again has a link of
-- its own; the first that is used ends the others.
create table sign_in_link (
  id bigserial primary key,
  cloud bigint,
  user_id bigint not null,
  kind varchar(16) not null,
  token_hash varchar(64) not null unique,
  email varchar(254),
  made_by bigint,
  state varchar(16) not null default 'open',
  made_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- When somebody whose link had expired asked for another one.
  asked_at timestamptz,
  constraint sign_in_link_kind_known check (kind in ('invitation', 'reset', 'email')),
  constraint sign_in_link_state_known check (state in ('open', 'used', 'replaced')),
  constraint sign_in_link_email check ((email is not null) = (kind = 'email'))
);
create index sign_in_link_of_user on sign_in_link (user_id, kind);

insert into sign_in_link (cloud, user_id, kind, token_hash, expires_at)
select cloud, id, case when password_before is null then 'invitation' else 'reset' end,
       link_hash, link_expires_at
from portal_user where link_hash is not null and link_expires_at is not null;

drop view if exists credential; -- made anew with the policies
alter table portal_user
  drop column link_hash,
  drop column link_expires_at,
  add column zone varchar(64),
  add column locale varchar(16),
  add column shortcuts boolean not null default true,
  add column digest boolean not null default true;

-- Every mail: what it is, to whom, how far it is. Its text is made when it is sent.
create table delivery (
  id bigserial primary key,
  cloud bigint,
  key varchar(200) not null,
  kind varchar(32) not null,
  user_id bigint,
  link bigint,
  recipient varchar(254) not null,
  subject text not null,
  facts jsonb not null,
  state varchar(16) not null default 'waiting',
  attempts integer not null default 0,
  error text not null default '',
  created_at timestamptz not null default now(),
  due_at timestamptz not null,
  sent_at timestamptz,
  constraint delivery_once unique nulls not distinct (cloud, key),
  constraint delivery_state_known check (
    state in ('waiting', 'sending', 'sent', 'failed', 'dropped')
  )
);
create index delivery_due on delivery (due_at) where state in ('waiting', 'sending');
create index delivery_of_cloud on delivery (cloud, id);
create index delivery_of_user on delivery (user_id);

-- What was typed into a form whose session had ended, for a quarter of an hour, encrypted.
create table kept_form (
  id bigserial primary key,
  token_hash varchar(64) not null unique,
  browser_hash varchar(64) not null,
  data bytea not null,
  expires_at timestamptz not null
);

-- How the sign-in page of an operator looks, and of the platform: a PNG, and "#1f6feb".
alter table cloud add column logo bytea, add column colour varchar(7);
alter table platform
  add column logo bytea,
  add column colour varchar(7),
  -- The sha256 of the code in the address that `up` prints while nobody exists.
  add column setup_hash varchar(64);
