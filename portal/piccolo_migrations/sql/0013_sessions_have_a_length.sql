-- So many hours without a page end a session; it is the platform's administrators who say how many.
alter table platform
  add column session_hours integer not null default 12,
  add constraint platform_session_hours_in_range check (session_hours between 1 and 720);
