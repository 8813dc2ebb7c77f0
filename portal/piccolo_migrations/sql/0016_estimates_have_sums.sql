-- The running month as the close would settle it: what a subscriber's cameras cost after the cloud's
-- discount, and what referrals would earn on them. Estimates of before are made anew by the sweep.
delete from estimate;
alter table estimate rename column wholesale to cost;
alter table estimate add column commission bigint not null default 0;

-- Its sums, so that a home page reads one row, however many subscribers there are: of the whole cloud,
-- where `account_manager` is null, and of the subscribers in each account manager's care.
create table estimate_sum (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  account_manager bigint,
  revenue bigint not null,
  cost bigint not null,
  commission bigint not null,
  as_of timestamptz not null,
  foreign key (cloud, account_manager) references portal_user (cloud, id),
  constraint estimate_sum_once unique nulls not distinct (cloud, month, account_manager)
);

-- What a referral would earn: on its own subscribers, and on those of agents below it.
create table estimate_earned (
  id bigserial primary key,
  cloud bigint not null references cloud,
  month date not null,
  referral bigint not null,
  own bigint not null,
  others bigint not null,
  as_of timestamptz not null,
  foreign key (cloud, referral) references referral (cloud, id),
  constraint estimate_earned_once unique (cloud, month, referral)
);
