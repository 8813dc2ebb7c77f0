create or replace function app_role() returns text language sql stable parallel safe
  as $$ select nullif(current_setting('app.role', true), '') $$;
create or replace function app_cloud() returns bigint language sql stable parallel safe
  as $$ select nullif(current_setting('app.cloud', true), '')::bigint $$;
create or replace function app_user() returns bigint language sql stable parallel safe
  as $$ select nullif(current_setting('app.user', true), '')::bigint $$;
create or replace function app_subscriber() returns bigint language sql stable parallel safe
  as $$ select nullif(current_setting('app.subscriber', true), '')::bigint $$;
create or replace function app_referral() returns bigint language sql stable parallel safe
  as $$ select nullif(current_setting('app.referral', true), '')::bigint $$;
create or replace function app_key() returns bigint language sql stable parallel safe
  as $$ select nullif(current_setting('app.key', true), '')::bigint $$;

alter table platform enable row level security, force row level security;
create policy platform_worker on platform to camledger_worker using (true) with check (true);
create policy platform_browse on platform for select to camledger_admin using (true);
create policy platform_read on platform for select to camledger_web using (
    ((select app_role()) is not null));
create policy platform_insert on platform for insert to camledger_web with check (
    ((select app_role()) in ('administrator')));
create policy platform_update on platform for update to camledger_web using (
    ((select app_role()) in ('administrator')))
  with check (
    ((select app_role()) in ('administrator')));
grant select, insert, update on platform to camledger_web;
grant select on platform to camledger_admin;

alter table meter enable row level security, force row level security;
create policy meter_worker on meter to camledger_worker using (true) with check (true);
create policy meter_browse on meter for select to camledger_admin using (true);
create policy meter_read on meter for select to camledger_web using (
    ((select app_role()) is not null));
create policy meter_insert on meter for insert to camledger_web with check (
    ((select app_role()) in ('administrator')));
create policy meter_update on meter for update to camledger_web using (
    ((select app_role()) in ('administrator')))
  with check (
    ((select app_role()) in ('administrator')));
grant select, insert, update on meter to camledger_web;
grant select on meter to camledger_admin;

alter table service enable row level security, force row level security;
create policy service_worker on service to camledger_worker using (true) with check (true);
create policy service_browse on service for select to camledger_admin using (true);
create policy service_read on service for select to camledger_web using (
    ((select app_role()) is not null));
create policy service_insert on service for insert to camledger_web with check (
    ((select app_role()) in ('administrator')));
create policy service_update on service for update to camledger_web using (
    ((select app_role()) in ('administrator')))
  with check (
    ((select app_role()) in ('administrator')));
grant select, insert, update on service to camledger_web;
grant select on service to camledger_admin;

alter table cloud enable row level security, force row level security;
create policy cloud_worker on cloud to camledger_worker using (true) with check (true);
create policy cloud_browse on cloud for select to camledger_admin using (true);
create policy cloud_read on cloud for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and manager = (select app_user()))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant', 'account-manager', 'subscriber', 'referral') and id = (select app_cloud()))
    or ((select app_role()) in ('doorkeeper')));
create policy cloud_insert on cloud for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and manager = (select app_user()))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant', 'account-manager', 'subscriber', 'referral') and id = (select app_cloud())));
create policy cloud_update on cloud for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and manager = (select app_user()))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant', 'account-manager', 'subscriber', 'referral') and id = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and manager = (select app_user()))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant', 'account-manager', 'subscriber', 'referral') and id = (select app_cloud())));
grant select, insert, update on cloud to camledger_web;
grant select on cloud to camledger_admin;

alter table rate enable row level security, force row level security;
create policy rate_worker on rate to camledger_worker using (true) with check (true);
create policy rate_browse on rate for select to camledger_admin using (true);
create policy rate_read on rate for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy rate_insert on rate for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c)));
create policy rate_update on rate for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c)))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c)));
grant select, insert, update on rate to camledger_web;
grant select on rate to camledger_admin;

alter table tariff enable row level security, force row level security;
create policy tariff_worker on tariff to camledger_worker using (true) with check (true);
create policy tariff_browse on tariff for select to camledger_admin using (true);
create policy tariff_read on tariff for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant', 'account-manager') and cloud = (select app_cloud()))
    or ((select app_role()) in ('subscriber', 'referral') and cloud = (select app_cloud()) and id in (select s.tariff from subscription s)));
create policy tariff_insert on tariff for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy tariff_update on tariff for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert, update on tariff to camledger_web;
grant select on tariff to camledger_admin;

alter table tariff_version enable row level security, force row level security;
create policy tariff_version_worker on tariff_version to camledger_worker using (true) with check (true);
create policy tariff_version_browse on tariff_version for select to camledger_admin using (true);
create policy tariff_version_read on tariff_version for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant', 'account-manager') and cloud = (select app_cloud())));
create policy tariff_version_insert on tariff_version for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy tariff_version_update on tariff_version for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert, update on tariff_version to camledger_web;
grant select on tariff_version to camledger_admin;

alter table tariff_item enable row level security, force row level security;
create policy tariff_item_worker on tariff_item to camledger_worker using (true) with check (true);
create policy tariff_item_browse on tariff_item for select to camledger_admin using (true);
create policy tariff_item_read on tariff_item for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant', 'account-manager') and cloud = (select app_cloud())));
create policy tariff_item_insert on tariff_item for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy tariff_item_update on tariff_item for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert, update on tariff_item to camledger_web;
grant select on tariff_item to camledger_admin;

alter table referral enable row level security, force row level security;
create policy referral_worker on referral to camledger_worker using (true) with check (true);
create policy referral_browse on referral for select to camledger_admin using (true);
create policy referral_read on referral for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant', 'account-manager') and cloud = (select app_cloud()))
    or ((select app_role()) in ('referral') and cloud = (select app_cloud()) and id = (select app_referral())));
create policy referral_insert on referral for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy referral_update on referral for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert, update on referral to camledger_web;
grant select on referral to camledger_admin;

alter table subscriber enable row level security, force row level security;
create policy subscriber_worker on subscriber to camledger_worker using (true) with check (true);
create policy subscriber_browse on subscriber for select to camledger_admin using (true);
create policy subscriber_read on subscriber for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and account_manager = (select app_user()))
    or ((select app_role()) in ('subscriber') and cloud = (select app_cloud()) and id = (select app_subscriber()))
    or ((select app_role()) in ('referral') and cloud = (select app_cloud()) and referral = (select app_referral())));
create policy subscriber_insert on subscriber for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and account_manager = (select app_user())));
create policy subscriber_update on subscriber for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and account_manager = (select app_user())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and account_manager = (select app_user())));
grant select, insert, update on subscriber to camledger_web;
grant select on subscriber to camledger_admin;

alter table camera enable row level security, force row level security;
create policy camera_worker on camera to camledger_worker using (true) with check (true);
create policy camera_browse on camera for select to camledger_admin using (true);
create policy camera_read on camera for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and (subscriber in (select s.id from subscriber s) or id in (select s.camera from subscription s)))
    or ((select app_role()) in ('subscriber') and cloud = (select app_cloud()) and (subscriber = (select app_subscriber()) or id in (select s.camera from subscription s))));
create policy camera_insert on camera for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and subscriber in (select s.id from subscriber s)));
create policy camera_update on camera for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and subscriber in (select s.id from subscriber s)))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and subscriber in (select s.id from subscriber s)));
grant select, insert, update on camera to camledger_web;
grant select on camera to camledger_admin;

alter table subscription enable row level security, force row level security;
create policy subscription_worker on subscription to camledger_worker using (true) with check (true);
create policy subscription_browse on subscription for select to camledger_admin using (true);
create policy subscription_read on subscription for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and subscriber in (select s.id from subscriber s))
    or ((select app_role()) in ('subscriber') and cloud = (select app_cloud()) and subscriber = (select app_subscriber()))
    or ((select app_role()) in ('referral') and cloud = (select app_cloud()) and subscriber in (select s.id from subscriber s)));
create policy subscription_insert on subscription for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and subscriber in (select s.id from subscriber s)));
create policy subscription_update on subscription for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and subscriber in (select s.id from subscriber s)))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and subscriber in (select s.id from subscriber s)));
grant select, insert, update on subscription to camledger_web;
grant select on subscription to camledger_admin;

alter table usage enable row level security, force row level security;
create policy usage_worker on usage to camledger_worker using (true) with check (true);
create policy usage_browse on usage for select to camledger_admin using (true);
create policy usage_read on usage for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager', 'subscriber', 'referral') and cloud = (select app_cloud()) and exists (select from subscription s where s.cloud = usage.cloud and s.camera = usage.camera and s.starts_on <= usage.day and (s.ends_on is null or usage.day < s.ends_on)))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and camera in (select c.id from camera c where c.subscriber is not null)));
create policy usage_insert on usage for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy usage_update on usage for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert, update on usage to camledger_web;
grant select on usage to camledger_admin;

alter table connection enable row level security, force row level security;
create policy connection_worker on connection to camledger_worker using (true) with check (true);
create policy connection_browse on connection for select to camledger_admin using (true);
create policy connection_read on connection for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy connection_insert on connection for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy connection_update on connection for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert, update on connection to camledger_web;
grant select (id, cloud, kind, api, url, organizations, read_every_minutes, follow_presets, provision, provision_failures, provision_failed_at, provision_retry_at, provision_message, created_at, ended_at) on connection to camledger_admin;

alter table reading enable row level security, force row level security;
create policy reading_worker on reading to camledger_worker using (true) with check (true);
create policy reading_browse on reading for select to camledger_admin using (true);
create policy reading_read on reading for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy reading_insert on reading for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy reading_update on reading for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert, update on reading to camledger_web;
grant select on reading to camledger_admin;

alter table reading_camera enable row level security, force row level security;
create policy reading_camera_worker on reading_camera to camledger_worker using (true) with check (true);
create policy reading_camera_browse on reading_camera for select to camledger_admin using (true);
create policy reading_camera_read on reading_camera for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select on reading_camera to camledger_web;
grant select on reading_camera to camledger_admin;

alter table camera_interval enable row level security, force row level security;
create policy camera_interval_worker on camera_interval to camledger_worker using (true) with check (true);
create policy camera_interval_browse on camera_interval for select to camledger_admin using (true);
create policy camera_interval_read on camera_interval for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and camera in (select c.id from camera c where c.subscriber is not null)));
grant select on camera_interval to camledger_web;
grant select on camera_interval to camledger_admin;

alter table watcher_organization enable row level security, force row level security;
create policy watcher_organization_worker on watcher_organization to camledger_worker using (true) with check (true);
create policy watcher_organization_browse on watcher_organization for select to camledger_admin using (true);
create policy watcher_organization_read on watcher_organization for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy watcher_organization_insert on watcher_organization for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy watcher_organization_update on watcher_organization for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert, update on watcher_organization to camledger_web;
grant select on watcher_organization to camledger_admin;

alter table watcher_preset enable row level security, force row level security;
create policy watcher_preset_worker on watcher_preset to camledger_worker using (true) with check (true);
create policy watcher_preset_browse on watcher_preset for select to camledger_admin using (true);
create policy watcher_preset_read on watcher_preset for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy watcher_preset_insert on watcher_preset for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy watcher_preset_update on watcher_preset for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert, update on watcher_preset to camledger_web;
grant select on watcher_preset to camledger_admin;

alter table provisioned_preset enable row level security, force row level security;
create policy provisioned_preset_worker on provisioned_preset to camledger_worker using (true) with check (true);
create policy provisioned_preset_browse on provisioned_preset for select to camledger_admin using (true);
create policy provisioned_preset_read on provisioned_preset for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy provisioned_preset_insert on provisioned_preset for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy provisioned_preset_update on provisioned_preset for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, update on provisioned_preset to camledger_web;
grant select on provisioned_preset to camledger_admin;

alter table provisioned_camera enable row level security, force row level security;
create policy provisioned_camera_worker on provisioned_camera to camledger_worker using (true) with check (true);
create policy provisioned_camera_browse on provisioned_camera for select to camledger_admin using (true);
create policy provisioned_camera_read on provisioned_camera for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy provisioned_camera_insert on provisioned_camera for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy provisioned_camera_update on provisioned_camera for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, update on provisioned_camera to camledger_web;
grant select on provisioned_camera to camledger_admin;

alter table recorded_day enable row level security, force row level security;
create policy recorded_day_worker on recorded_day to camledger_worker using (true) with check (true);
create policy recorded_day_browse on recorded_day for select to camledger_admin using (true);
create policy recorded_day_read on recorded_day for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select on recorded_day to camledger_web;
grant select on recorded_day to camledger_admin;

alter table test_clock enable row level security, force row level security;
create policy test_clock_worker on test_clock to camledger_worker using (true) with check (true);
create policy test_clock_browse on test_clock for select to camledger_admin using (true);
create policy test_clock_read on test_clock for select to camledger_web using (
    ((select app_role()) is not null));
create policy test_clock_insert on test_clock for insert to camledger_web with check (
    ((select app_role()) in ('administrator')));
create policy test_clock_update on test_clock for update to camledger_web using (
    ((select app_role()) in ('administrator')))
  with check (
    ((select app_role()) in ('administrator')));
grant select, insert, update on test_clock to camledger_web;
grant select on test_clock to camledger_admin;

alter table usage_change enable row level security, force row level security;
create policy usage_change_worker on usage_change to camledger_worker using (true) with check (true);
create policy usage_change_browse on usage_change for select to camledger_admin using (true);
create policy usage_change_read on usage_change for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy usage_change_insert on usage_change for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy usage_change_update on usage_change for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert, update on usage_change to camledger_web;
grant select on usage_change to camledger_admin;

alter table usage_correction enable row level security, force row level security;
create policy usage_correction_worker on usage_correction to camledger_worker using (true) with check (true);
create policy usage_correction_browse on usage_correction for select to camledger_admin using (true);
create policy usage_correction_read on usage_correction for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy usage_correction_insert on usage_correction for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert on usage_correction to camledger_web;
grant select on usage_correction to camledger_admin;

alter table period enable row level security, force row level security;
create policy period_worker on period to camledger_worker using (true) with check (true);
create policy period_browse on period for select to camledger_admin using (true);
create policy period_read on period for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant', 'account-manager') and cloud = (select app_cloud()))
    or ((select app_role()) in ('subscriber', 'referral') and cloud = (select app_cloud())));
create policy period_insert on period for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy period_update on period for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert, update on period to camledger_web;
grant select on period to camledger_admin;

alter table period_batch enable row level security, force row level security;
create policy period_batch_worker on period_batch to camledger_worker using (true) with check (true);
create policy period_batch_browse on period_batch for select to camledger_admin using (true);
create policy period_batch_read on period_batch for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy period_batch_insert on period_batch for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
create policy period_batch_update on period_batch for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert, update on period_batch to camledger_web;
grant select on period_batch to camledger_admin;

alter table pool_share enable row level security, force row level security;
create policy pool_share_worker on pool_share to camledger_worker using (true) with check (true);
create policy pool_share_browse on pool_share for select to camledger_admin using (true);
create policy pool_share_read on pool_share for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select on pool_share to camledger_web;
grant select on pool_share to camledger_admin;

alter table unrated_usage enable row level security, force row level security;
create policy unrated_usage_worker on unrated_usage to camledger_worker using (true) with check (true);
create policy unrated_usage_browse on unrated_usage for select to camledger_admin using (true);
create policy unrated_usage_read on unrated_usage for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select on unrated_usage to camledger_web;
grant select on unrated_usage to camledger_admin;

alter table charge enable row level security, force row level security;
create policy charge_worker on charge to camledger_worker using (true) with check (true);
create policy charge_browse on charge for select to camledger_admin using (true);
create policy charge_read on charge for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and subscriber in (select s.id from subscriber s))
    or ((select app_role()) in ('subscriber') and cloud = (select app_cloud()) and subscriber = (select app_subscriber())));
grant select on charge to camledger_web;
grant select on charge to camledger_admin;

alter table margin enable row level security, force row level security;
create policy margin_worker on margin to camledger_worker using (true) with check (true);
create policy margin_browse on margin for select to camledger_admin using (true);
create policy margin_read on margin for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select on margin to camledger_web;
grant select on margin to camledger_admin;

alter table estimate enable row level security, force row level security;
create policy estimate_worker on estimate to camledger_worker using (true) with check (true);
create policy estimate_browse on estimate for select to camledger_admin using (true);
create policy estimate_read on estimate for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and subscriber in (select s.id from subscriber s))
    or ((select app_role()) in ('subscriber') and cloud = (select app_cloud()) and subscriber = (select app_subscriber()))
    or ((select app_role()) in ('referral') and cloud = (select app_cloud()) and subscriber in (select s.id from subscriber s)));
grant select on estimate to camledger_web;
grant select on estimate to camledger_admin;

alter table series enable row level security, force row level security;
create policy series_worker on series to camledger_worker using (true) with check (true);
create policy series_browse on series for select to camledger_admin using (true);
create policy series_read on series for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and issuer = (select app_cloud())));
create policy series_insert on series for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and issuer = (select app_cloud())));
create policy series_update on series for update to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and issuer = (select app_cloud())))
  with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and issuer = (select app_cloud())));
grant select, insert, update on series to camledger_web;
grant select on series to camledger_admin;

alter table invoice enable row level security, force row level security;
create policy invoice_worker on invoice to camledger_worker using (true) with check (true);
create policy invoice_browse on invoice for select to camledger_admin using (true);
create policy invoice_read on invoice for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and subscriber in (select s.id from subscriber s))
    or ((select app_role()) in ('subscriber') and cloud = (select app_cloud()) and subscriber = (select app_subscriber())));
create policy invoice_insert on invoice for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert on invoice to camledger_web;
grant select on invoice to camledger_admin;

alter table invoice_line enable row level security, force row level security;
create policy invoice_line_worker on invoice_line to camledger_worker using (true) with check (true);
create policy invoice_line_browse on invoice_line for select to camledger_admin using (true);
create policy invoice_line_read on invoice_line for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and subscriber in (select s.id from subscriber s))
    or ((select app_role()) in ('subscriber') and cloud = (select app_cloud()) and subscriber = (select app_subscriber())));
create policy invoice_line_insert on invoice_line for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert on invoice_line to camledger_web;
grant select on invoice_line to camledger_admin;

alter table invoice_file enable row level security, force row level security;
create policy invoice_file_worker on invoice_file to camledger_worker using (true) with check (true);
create policy invoice_file_browse on invoice_file for select to camledger_admin using (true);
create policy invoice_file_read on invoice_file for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('account-manager') and cloud = (select app_cloud()) and subscriber in (select s.id from subscriber s))
    or ((select app_role()) in ('subscriber') and cloud = (select app_cloud()) and subscriber = (select app_subscriber())));
grant select on invoice_file to camledger_web;
grant select (id, cloud, subscriber, invoice, sha256, size, created_at) on invoice_file to camledger_admin;

alter table commission enable row level security, force row level security;
create policy commission_worker on commission to camledger_worker using (true) with check (true);
create policy commission_browse on commission for select to camledger_admin using (true);
create policy commission_read on commission for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('manager') and cloud in (select c.id from cloud c))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud()))
    or ((select app_role()) in ('referral') and cloud = (select app_cloud()) and referral = (select app_referral())));
create policy commission_insert on commission for insert to camledger_web with check (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator', 'cloud-accountant') and cloud = (select app_cloud())));
grant select, insert on commission to camledger_web;
grant select on commission to camledger_admin;

alter table audit enable row level security, force row level security;
create policy audit_worker on audit to camledger_worker using (true) with check (true);
create policy audit_browse on audit for select to camledger_admin using (true);
create policy audit_read on audit for select to camledger_web using (
    ((select app_role()) in ('administrator'))
    or ((select app_role()) in ('cloud-administrator') and cloud = (select app_cloud())));
create policy audit_insert on audit for insert to camledger_web with check (
    ((select app_role()) is not null));
grant select, insert on audit to camledger_web;
grant select (id, cloud, seq, at, actor, role, action, object, before, after) on audit to camledger_admin;

alter table portal_user enable row level security, force row level security;
create policy portal_user_worker on portal_user to camledger_worker using (true) with check (true);
create policy portal_user_browse on portal_user for select to camledger_admin using (true);
create policy portal_user_read on portal_user for select to camledger_web using (
    ((select app_role()) in ('administrator', 'accountant'))
    or ((select app_role()) in ('cloud-administrator') and cloud = (select app_cloud()))
    or (id = (select app_user()))
    or ((select app_role()) in ('doorkeeper'))
    or ((select app_role()) in ('cloud-accountant', 'account-manager') and cloud = (select app_cloud()) or (select app_role()) in ('manager', 'cloud-administrator', 'cloud-accountant', 'account-manager') and (id in (select c.manager from cloud c) or cloud in (select c.id from cloud c))));
create policy portal_user_insert on portal_user for insert to camledger_web with check (
    ((select app_role()) in ('administrator'))
    or ((select app_role()) in ('cloud-administrator') and cloud = (select app_cloud()))
    or (id = (select app_user()))
    or ((select app_role()) in ('doorkeeper')));
create policy portal_user_update on portal_user for update to camledger_web using (
    ((select app_role()) in ('administrator'))
    or ((select app_role()) in ('cloud-administrator') and cloud = (select app_cloud()))
    or (id = (select app_user()))
    or ((select app_role()) in ('doorkeeper')))
  with check (
    ((select app_role()) in ('administrator'))
    or ((select app_role()) in ('cloud-administrator') and cloud = (select app_cloud()))
    or (id = (select app_user()))
    or ((select app_role()) in ('doorkeeper')));
grant select, insert, update on portal_user to camledger_web;
grant select (id, email, name, role, cloud, subscriber, referral, active, theme, created_at, signed_in_at) on portal_user to camledger_admin;

alter table user_session enable row level security, force row level security;
create policy user_session_worker on user_session to camledger_worker using (true) with check (true);
create policy user_session_browse on user_session for select to camledger_admin using (true);
create policy user_session_read on user_session for select to camledger_web using (
    (user_id = (select app_user()))
    or ((select app_role()) in ('doorkeeper')));
create policy user_session_insert on user_session for insert to camledger_web with check (
    (user_id = (select app_user()))
    or ((select app_role()) in ('doorkeeper')));
create policy user_session_update on user_session for update to camledger_web using (
    (user_id = (select app_user()))
    or ((select app_role()) in ('doorkeeper')))
  with check (
    (user_id = (select app_user()))
    or ((select app_role()) in ('doorkeeper')));
create policy user_session_delete on user_session for delete to camledger_web using (
    (user_id = (select app_user()))
    or ((select app_role()) in ('doorkeeper')));
grant select, insert, update, delete on user_session to camledger_web;
grant select (id, user_id, address, agent, created_at, seen_at, expires_at) on user_session to camledger_admin;

alter table sign_in_attempt enable row level security, force row level security;
create policy sign_in_attempt_worker on sign_in_attempt to camledger_worker using (true) with check (true);
create policy sign_in_attempt_browse on sign_in_attempt for select to camledger_admin using (true);
create policy sign_in_attempt_read on sign_in_attempt for select to camledger_web using (
    ((select app_role()) in ('doorkeeper')));
create policy sign_in_attempt_insert on sign_in_attempt for insert to camledger_web with check (
    ((select app_role()) in ('doorkeeper')));
create policy sign_in_attempt_delete on sign_in_attempt for delete to camledger_web using (
    ((select app_role()) in ('doorkeeper')));
grant select, insert, delete on sign_in_attempt to camledger_web;
grant select on sign_in_attempt to camledger_admin;

alter table api_key enable row level security, force row level security;
create policy api_key_worker on api_key to camledger_worker using (true) with check (true);
create policy api_key_browse on api_key for select to camledger_admin using (true);
create policy api_key_read on api_key for select to camledger_web using (
    ((select app_role()) in ('administrator'))
    or ((select app_role()) in ('cloud-administrator') and cloud = (select app_cloud()))
    or ((select app_role()) in ('doorkeeper')));
create policy api_key_insert on api_key for insert to camledger_web with check (
    ((select app_role()) in ('administrator'))
    or ((select app_role()) in ('cloud-administrator') and cloud = (select app_cloud()))
    or ((select app_role()) in ('doorkeeper')));
create policy api_key_update on api_key for update to camledger_web using (
    ((select app_role()) in ('administrator'))
    or ((select app_role()) in ('cloud-administrator') and cloud = (select app_cloud()))
    or ((select app_role()) in ('doorkeeper')))
  with check (
    ((select app_role()) in ('administrator'))
    or ((select app_role()) in ('cloud-administrator') and cloud = (select app_cloud()))
    or ((select app_role()) in ('doorkeeper')));
grant select, insert, update on api_key to camledger_web;
grant select (id, public_id, name, role, scopes, cloud, user_id, created_at, used_at, revoked_at) on api_key to camledger_admin;

alter table idempotent_answer enable row level security, force row level security;
create policy idempotent_answer_worker on idempotent_answer to camledger_worker using (true) with check (true);
create policy idempotent_answer_browse on idempotent_answer for select to camledger_admin using (true);
create policy idempotent_answer_read on idempotent_answer for select to camledger_web using (
    (api_key = (select app_key())));
create policy idempotent_answer_insert on idempotent_answer for insert to camledger_web with check (
    (api_key = (select app_key())));
create policy idempotent_answer_update on idempotent_answer for update to camledger_web using (
    (api_key = (select app_key())))
  with check (
    (api_key = (select app_key())));
grant select, insert, update on idempotent_answer to camledger_web;
grant select (id, api_key, path, key, status, created_at) on idempotent_answer to camledger_admin;

grant usage on all sequences in schema public to camledger_web;

