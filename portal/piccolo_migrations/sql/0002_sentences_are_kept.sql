-- A reading's warnings are kept as sentences with their values, to be worded in the language of
-- whoever reads them. That takes more room than the words alone: 1 200 characters each, of 22.
alter table reading drop constraint reading_warnings_short;
alter table reading add constraint reading_warnings_short
  check (char_length(array_to_string(warnings, '')) <= 26400);
