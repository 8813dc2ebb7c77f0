-- Words of 100 000 cameras that are met at once are written by statements that are planned once.
create or replace function words_of(value text) returns setof text
language sql immutable parallel safe as $$
  with parts as (
    select string_to_array(regexp_replace(
      lower(btrim(regexp_replace(value, '\s+', ' ', 'g'))),
      '(?<=[[:space:][:punct:]])(?=[^[:space:][:punct:]])'
        || '|(?<=[^[:space:][:punct:]0-9])(?=[0-9])|(?<=[0-9])(?=[^[:space:][:punct:]0-9])',
      E'\x01', 'g'), E'\x01') as found
  ), begun as (
    select array_to_string(p.found[n:], '') as word
    from parts p cross join lateral generate_subscripts(p.found, 1) n
  )
  select distinct left(one.word, 60) from (
    select word from begun
    union all
    select ltrim(word, '0') from begun where word ~ '^0+[1-9]'
  ) one
  where one.word <> ''
$$;

create or replace function camera_words_are_kept() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
  if tg_op = 'UPDATE' then
    delete from camera_word where cloud = new.cloud and camera = new.id;
  end if;
  insert into camera_word (cloud, word, camera)
  select distinct new.cloud, w, new.id
  from (values (new.name), (new.external_id::text)) one(value) cross join lateral words_of(one.value) w;
  return null;
end $$;
drop function keep_camera_words(bigint, bigint, text[]);
