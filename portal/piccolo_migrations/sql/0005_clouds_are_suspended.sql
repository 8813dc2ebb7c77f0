-- A suspended cloud closes no month, and its people do not sign in; its books stay as they are.
alter table cloud add column suspended boolean not null default false;
