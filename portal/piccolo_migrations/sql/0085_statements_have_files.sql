-- The PDF of a statement, made once after its approval and kept for good.
create table statement_file (
  id bigserial primary key,
  cloud bigint not null references cloud,
  referral bigint not null,
  statement bigint not null,
  sha256 varchar(64) not null,
  size integer not null,
  content bytea not null,
  created_at timestamptz not null default book_now(),
  foreign key (cloud, referral) references referral (cloud, id),
  foreign key (cloud, statement) references statement (cloud, id),
  constraint statement_file_once unique (cloud, statement)
);
create trigger statement_file_stays before update or delete on statement_file
  for each row execute function refuse_change();
create trigger statement_file_is_not_emptied before truncate on statement_file
  for each statement execute function refuse_change();
-- Those that are approved and not printed yet, in their order.
create index statement_to_print on statement (id) where number is not null;
