-- Entries of a book are listed by day, the latest first.
create index entry_of_day on entry (book, day, id);
