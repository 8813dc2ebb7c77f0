-- Credit below 0, of very few, is found without adding up everybody's.
create index credit_source_overdrawn on credit_source (cloud) where free < 0;
