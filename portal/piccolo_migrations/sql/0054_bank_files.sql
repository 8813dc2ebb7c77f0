-- Files that banks give: each movement on an account is a line, once, in whatever file it comes.
-- `issuer` is whose book it is in: a cloud's, or 0, the platform's.

alter table cloud add column auto_match boolean not null default true;

create table bank_import (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint references cloud,
  format varchar(5) not null,
  sha256 varchar(64) not null,
  lines integer not null,
  added integer not null,
  made_by varchar(254) not null,
  made_at timestamptz not null,
  constraint bank_import_of_book check (issuer = coalesce(cloud, 0))
);

create table bank_line (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint references cloud,
  bank_import bigint not null references bank_import,
  line integer not null,
  identity bytea not null,
  entry bytea,
  is_whole boolean not null,
  account varchar(64) not null,
  booked_on date not null,
  currency varchar(3) not null,
  amount bigint not null,
  bank_reference varchar(140) not null,
  end_to_end varchar(140) not null,
  batch varchar(140) not null,
  text text not null,
  name varchar(140) not null,
  -- A mark of the payer's account: the same account has the same one, and no one leads back to it.
  payer bytea,
  instructed varchar(40) not null,
  charges varchar(40) not null,
  state varchar(8) not null,
  rule varchar(10),
  reason varchar(35) not null,
  fee bigint not null,
  suggestions varchar(40)[] not null,
  takes_back bigint,
  constraint bank_line_once unique (issuer, identity),
  constraint bank_line_of_book check (issuer = coalesce(cloud, 0)),
  constraint bank_line_state_known check (
    state in ('matched', 'open', 'returned', 'reversal', 'ignored'))
);
create index bank_line_entry on bank_line (issuer, entry) where entry is not null;
create index bank_line_in_state on bank_line (issuer, state, id);
create index bank_line_by_reference on bank_line (issuer, bank_reference) where bank_reference <> '';
create index bank_line_by_end_to_end on bank_line (issuer, end_to_end) where end_to_end <> '';
create index bank_line_by_amount on bank_line (issuer, amount);

create table bank_payment (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint references cloud,
  bank_line bigint not null references bank_line,
  payment bigint not null references payment,
  constraint bank_payment_once unique (payment),
  constraint bank_payment_of_book check (issuer = coalesce(cloud, 0))
);
create index bank_payment_of_line on bank_payment (bank_line);

-- Which accounts pay for whom, as people confirmed it.
create table payer_account (
  id bigserial primary key,
  issuer bigint not null,
  cloud bigint not null references cloud,
  subscriber bigint,
  mark bytea not null,
  foreign key (cloud, subscriber) references subscriber (cloud, id),
  constraint payer_account_once unique nulls not distinct (issuer, mark, cloud, subscriber)
);
