-- Subscribers say where their documents go, and ask the operator to print other details on them.
alter table subscriber add column document_emails text[] not null default '{}';

create table details_request (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint not null,
  name text not null,
  address text[] not null default '{}',
  tax_number varchar(64) not null default '',
  note text not null default '',
  state varchar(16) not null default 'waiting',
  asked_by varchar(254) not null,
  asked_at timestamptz not null,
  answer text not null default '',
  decided_by varchar(254) not null default '',
  decided_at timestamptz,
  constraint details_request_subscriber foreign key (cloud, subscriber) references subscriber (cloud, id),
  constraint details_request_state_known check (
    state in ('waiting', 'confirmed', 'declined', 'withdrawn')
  )
);
-- Two that are sent at once: the second replaces the first, or is refused.
create unique index details_request_waits on details_request (cloud, subscriber)
  where state = 'waiting';
create index details_request_of_subscriber on details_request (cloud, subscriber, id);
-- Who signs in for a subscriber or a referral is listed on its page, and on its own.
create index portal_user_of_referral on portal_user (cloud, referral) where referral is not null;
