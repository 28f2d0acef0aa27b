-- Widths and keeps are the defaults; the maintainer writes those of the settings over them.
-- drop_order: what the disk budget gives up first. Calls come last: they are few bytes and keep
-- search alive.
insert into hepscope.partition_policy (root, width, ahead, keep, drop_order, storage) values
  ('hepscope.packet_log', '1 day', '2 days', '7 days', 10, 'autovacuum_vacuum_insert_scale_factor = 0.5'),
  ('hepscope.packet_other', '1 day', '2 days', '7 days', 15, 'autovacuum_vacuum_insert_scale_factor = 0.5'),
  ('hepscope.sip_other', '1 day', '2 days', '7 days', 20, 'autovacuum_vacuum_insert_scale_factor = 0.5'),
  ('hepscope.sip_registration', '1 day', '2 days', '7 days', 30, 'autovacuum_vacuum_insert_scale_factor = 0.5'),
  ('hepscope.registration', '1 day', '2 days', '7 days', 35, 'fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05'),
  ('hepscope.packet_media', '1 day', '2 days', '30 days', 40, 'autovacuum_vacuum_insert_scale_factor = 0.5'),
  ('hepscope.sip_call', '1 day', '2 days', '30 days', 50, 'autovacuum_vacuum_insert_scale_factor = 0.5'),
  ('hepscope.call', '1 day', '2 days', '30 days', 60, 'fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05');
