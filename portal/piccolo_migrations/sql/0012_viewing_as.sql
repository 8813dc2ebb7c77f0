-- Looking at a portal as somebody else sees it: who looks, in which session, as whom, why, until
-- when. Of a session one counts at a time, the last; ended ones stay for the audit log to refer to.
create table view_as (
  id bigserial primary key,
  cloud bigint not null references cloud,
  user_id bigint not null,
  session bigint not null,
  role varchar(32) not null,
  viewed_user bigint,
  subscriber bigint,
  referral bigint,
  name text not null,
  reason varchar(300) not null,
  started_at timestamptz not null,
  ends_at timestamptz not null,
  constraint view_as_role_known check (
    role in ('cloud-administrator', 'account-manager', 'cloud-accountant', 'subscriber',
             'referral')
  ),
  constraint view_as_subscriber check ((role = 'subscriber') = (subscriber is not null)),
  constraint view_as_referral check ((role = 'referral') = (referral is not null)),
  constraint view_as_short check (ends_at <= started_at + interval '1 hour')
);
create index view_as_of_session on view_as (session, id);
