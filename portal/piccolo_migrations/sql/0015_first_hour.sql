-- The checklists of the first hour that somebody has put away: ids of clouds, 0 is the platform's.
alter table portal_user add column checklists_hidden bigint[] not null default '{}';

-- How many organizations and presets wait to be mapped is on every page of a cloud's menu.
create index watcher_organization_waiting on watcher_organization (cloud) where subscriber is null;
create index watcher_preset_waiting on watcher_preset (cloud) where tariff is null;
