-- What a cloud's documents may not lack: who sells to private persons asks for no tax number.
alter table cloud
  add column check_address boolean not null default true,
  add column check_email boolean not null default true,
  add column check_tax_number boolean not null default true;

-- Why something in a draft loses money, so that its cure stands beside it; drafts made before do not know.
alter table draft_surprise add column cause varchar(16) not null default '';
