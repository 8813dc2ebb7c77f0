-- Customers who do not pay are reminded, and by grades switched off: what a cloud does when, and how
-- far each of its customers is.
create table dunning_policy (
  id bigserial primary key,
  cloud bigint not null references cloud,
  -- [{"days": 3, "action": "remind"}, …], and the cloud's own texts of its e-mails.
  steps jsonb not null,
  texts jsonb not null default '[]',
  minimum numeric(24, 6) not null,
  notice_days integer not null,
  stops_for_questions boolean not null default true,
  constraint dunning_policy_once unique (cloud),
  constraint dunning_policy_minimum_in_range check (minimum >= 0),
  constraint dunning_policy_notice_in_range check (notice_days between 0 and 365)
);

-- From the first invoice that counts until none does. What is off is on again once it has ended.
create table dunning_episode (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint not null,
  opened_at timestamptz not null,
  ended_at timestamptz,
  analytics_off boolean not null default false,
  recording_off boolean not null default false,
  -- A person switched something off, and has not said yet that it is on again.
  lift_by_hand boolean not null default false,
  constraint dunning_episode_of_cloud unique (cloud, id),
  foreign key (cloud, subscriber) references subscriber (cloud, id)
);
create unique index dunning_episode_open on dunning_episode (cloud, subscriber)
  where ended_at is null;
create index dunning_episode_of_subscriber on dunning_episode (cloud, subscriber, id);
create index dunning_episode_to_lift on dunning_episode (cloud, id) where lift_by_hand;
create trigger dunning_episode_is_not_emptied before truncate on dunning_episode
  for each statement execute function refuse_change();

create table dunning_step (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint not null,
  episode bigint not null,
  days integer not null,
  action varchar(20) not null,
  outcome varchar(8) not null,
  at timestamptz not null,
  -- By whom, where a person did it, and what was said of it.
  by_name varchar(254) not null default '',
  note text not null default '',
  constraint dunning_step_of_cloud unique (cloud, id),
  constraint dunning_step_once unique (cloud, episode, days, action),
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  foreign key (cloud, episode) references dunning_episode (cloud, id),
  constraint dunning_step_action_known check (
    action in ('remind', 'warn', 'suspend_analytics', 'suspend_recording', 'close')),
  constraint dunning_step_outcome_known check (
    outcome in ('sent', 'retrying', 'failed', 'done', 'task', 'waiting', 'missed'))
);
-- Whatever becomes of the policy, nothing but an e-mail is done twice in an episode.
create unique index dunning_step_once_an_episode on dunning_step (cloud, episode, action)
  where action not in ('remind', 'warn');
create index dunning_step_of_subscriber on dunning_step (cloud, subscriber, id);
create index dunning_step_for_a_person on dunning_step (cloud, id)
  where outcome in ('task', 'failed');
create trigger dunning_step_is_not_emptied before truncate on dunning_step
  for each statement execute function refuse_change();

create table dunning_pause (
  id bigserial primary key,
  cloud bigint not null references cloud,
  subscriber bigint not null,
  until date not null,
  reason text not null,
  made_by varchar(254) not null,
  made_at timestamptz not null,
  foreign key (cloud, subscriber) references subscriber (cloud, id)
);
create index dunning_pause_of_subscriber on dunning_pause (cloud, subscriber, id);
create trigger dunning_pause_is_not_emptied before truncate on dunning_pause
  for each statement execute function refuse_change();

-- When the customers of a cloud are looked at next, by the time of its books.
create table dunning_turn (
  id bigserial primary key,
  cloud bigint not null references cloud,
  due_at timestamptz not null,
  constraint dunning_turn_once unique (cloud)
);

-- The mail of a step. Like documents it goes after mail that people wait for, each cloud in turn.
alter table delivery
  add column dunning_step bigint,
  add constraint delivery_dunning_step foreign key (cloud, dunning_step)
    references dunning_step (cloud, id);
create unique index delivery_of_dunning_step on delivery (cloud, dunning_step)
  where dunning_step is not null;
create index delivery_due_to_people_first on delivery (due_at, id)
  where state in ('waiting', 'sending') and document is null and dunning_step is null;
create index delivery_due_in_bulk on delivery (cloud, due_at, id)
  where state in ('waiting', 'sending') and (document is not null or dunning_step is not null);
drop index delivery_due_to_people;
drop index delivery_due_of_cloud;

-- A tariff's preset without its analytics, for customers whose analytics are off.
alter table provisioned_preset
  add column without_analytics boolean not null default false,
  drop constraint provisioned_preset_once,
  add constraint provisioned_preset_once unique (cloud, connection, tariff, without_analytics);
