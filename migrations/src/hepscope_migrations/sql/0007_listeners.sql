-- Where an ingest listens and what came there, in the row of its slot 0; null where a report does not
-- say. A column without default, of a table of some thousand rows: nothing is rewritten, and the lock
-- lasts as long as one statement of a reader.
alter table hepscope.node_report add column listeners jsonb;
