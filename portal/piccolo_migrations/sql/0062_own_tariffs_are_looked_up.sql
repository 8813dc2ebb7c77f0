-- Whether a customer has been on a tariff is one lookup, also of one with 10 000 cameras.
create index subscription_of_subscriber_on_tariff on subscription (cloud, subscriber, tariff);
-- What waits for a mapping comes first, then by cameras: a page is the first rows of an index.
create index watcher_organization_in_order on watcher_organization
  (cloud, (subscriber is not null), cameras desc, organization, watcher);
