-- What refers to a file or a line of a bank within a cloud leads with the cloud: no row of a neighbour's
-- can be named. In the platform's book there is no cloud, and only its own people write.
alter table bank_import add constraint bank_import_of_cloud unique (cloud, id);
alter table bank_line
  add constraint bank_line_of_cloud unique (cloud, id),
  drop constraint bank_line_bank_import_fkey,
  add foreign key (cloud, bank_import) references bank_import (cloud, id);
alter table bank_payment
  drop constraint bank_payment_bank_line_fkey,
  drop constraint bank_payment_payment_fkey,
  add foreign key (cloud, bank_line) references bank_line (cloud, id),
  add foreign key (cloud, payment) references payment (cloud, id);
