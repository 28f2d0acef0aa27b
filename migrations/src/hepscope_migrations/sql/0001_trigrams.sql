-- The operator class lives where the extension does, which an administrator may have chosen.
do $$
begin
  execute format(
    'create index party_trgm on hepscope.party using gin (value %I.gin_trgm_ops)',
    (select extnamespace::regnamespace from pg_extension where extname = 'pg_trgm'));
end $$;
