-- Whether credit goes on a subscriber's new invoices by itself; where its cloud says no, it never does.
alter table subscriber add column apply_credit boolean not null default true;
