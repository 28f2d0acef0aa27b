-- What migrations need and their owner role may not make: the role of dashboards and the schema of
-- compatible views. Run as the connecting user, before each upgrade. What he may not do either is
-- left out; `hepscope migrate` then says what an administrator has to run.
do $$
declare
  setting text;
begin
  if to_regrole('grafanareader') is null then
    begin
      -- No login and no password: both are the operator's.
      create role grafanareader nologin;
    exception when duplicate_object or unique_violation or insufficient_privilege then null;
    end;
  end if;

  if to_regrole('grafanareader') is not null and not exists (
    select from pg_db_role_setting s join pg_database d on d.oid = s.setdatabase
    where d.datname = current_database() and s.setrole = to_regrole('grafanareader'))
  then
    -- Of this database only, since the role belongs to the whole cluster. A bounded statement also
    -- bounds how long the drop of a partition waits.
    begin
      foreach setting in array array[
        'search_path = homer, hepscope', 'default_transaction_read_only = on',
        'statement_timeout = ''30s''', 'idle_in_transaction_session_timeout = ''30s''',
        'plan_cache_mode = force_custom_plan', 'jit = off']
      loop
        execute format('alter role grafanareader in database %I set %s', current_database(), setting);
      end loop;
    exception when insufficient_privilege then null;
    end;
  end if;

  if to_regnamespace('homer') is null then
    begin
      execute format('create schema homer authorization %I',
        (select pg_get_userbyid(nspowner) from pg_namespace where nspname = 'hepscope'));
    exception when duplicate_schema or unique_violation or insufficient_privilege then null;
    end;
  end if;
end $$;
