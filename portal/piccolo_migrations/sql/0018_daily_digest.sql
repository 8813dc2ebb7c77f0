-- The day for which somebody's daily digest was looked at: it is written once a day, whoever looks.
-- Whoever is new today is first told tomorrow.
alter table portal_user add column digested_on date not null default (now() at time zone 'UTC')::date;
