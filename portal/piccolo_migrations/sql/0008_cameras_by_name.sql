-- A cloud's cameras are listed by name without looking at all of them.
create index camera_by_name on camera (cloud, lower(name), id);

-- The few that lose money in a month are found among the many that do not.
create index margin_below_zero on margin (cloud, period, camera)
  where revenue - cost - commission < 0;
