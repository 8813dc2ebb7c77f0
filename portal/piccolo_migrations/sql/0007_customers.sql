-- A list of customers reads what it shows, of a cloud with 100 000 of them as of one with 100.
create index subscriber_by_name on subscriber (cloud, lower(name), number);
create index subscriber_of_account_manager on subscriber (cloud, account_manager);
create index portal_user_of_subscriber on portal_user (cloud, subscriber) where subscriber is not null;
create index margin_of_subscriber on margin (cloud, period, subscriber)
  include (revenue, cost, commission);

-- Which form, or which line of which file, made a subscriber: what is sent twice is done once.
alter table subscriber add column form_key varchar(64);
create unique index subscriber_form_key_once on subscriber (cloud, form_key);
