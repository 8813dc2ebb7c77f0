-- How the months of a cloud close: by themselves ("automatic"), by themselves unless something needs a
-- look ("look"), or by hand. Clouds that are there close as they did; what a new one gets, its form says.
alter table cloud
  add column close_mode varchar(9) not null default 'automatic',
  add constraint cloud_close_mode_known check (close_mode in ('automatic', 'look', 'hand'));
update cloud set close_mode = 'hand' where not close_automatically;

-- Whether it closes by itself at all follows from that; said by itself, it says one of the two ends.
-- After the guard by name: who may not change it is refused before.
create function close_mode_is_followed() returns trigger
language plpgsql set search_path = public, pg_temp as $$
begin
  if tg_op = 'INSERT' then
    if not new.close_automatically then
      new.close_mode := 'hand';
    end if;
  elsif new.close_mode = old.close_mode and new.close_automatically <> old.close_automatically then
    new.close_mode := case when new.close_automatically then 'automatic' else 'hand' end;
  end if;
  new.close_automatically := new.close_mode <> 'hand';
  return new;
end $$;
create trigger keep_close_mode before insert or update on cloud
  for each row execute function close_mode_is_followed();
alter table cloud add constraint cloud_close_mode_followed
  check (close_automatically = (close_mode <> 'hand'));

-- Why days without complete usage were accepted, in the words of whoever did.
alter table period add column accepted_reason text not null default '';
