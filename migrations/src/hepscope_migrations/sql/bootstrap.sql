-- What must stand before the first migration: group roles, the schema, the trigram extension.
-- Roles belong to the whole cluster, so another database may make or grant them at the same moment.
do $$
declare
  can constant text := case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end;
  roles constant text[] := array['hepscope_owner', 'hepscope_maintainer', 'hepscope_writer', 'hepscope_reader'];
  name text;
  usable boolean := true;
begin
  foreach name in array roles loop
    if to_regrole(name) is null then
      begin
        execute format('create role %I nologin', name);
      exception when duplicate_object or unique_violation or insufficient_privilege then null;
      end;
    end if;
    if to_regrole(name) is not null and not pg_has_role(current_user, name, can) then
      begin
        execute format('grant %I to current_user', name);
      exception when duplicate_object or unique_violation or insufficient_privilege then null;
      end;
    end if;
    usable := usable and to_regrole(name) is not null and pg_has_role(current_user, to_regrole(name), can);
  end loop;

  if usable and not pg_has_role('hepscope_maintainer', 'hepscope_owner', 'member') then
    begin
      grant hepscope_owner to hepscope_maintainer;
    exception when duplicate_object or unique_violation or insufficient_privilege then null;
    end;
    usable := pg_has_role('hepscope_maintainer', 'hepscope_owner', 'member');
  end if;

  -- Whoever owns the schema decides whether roles are in force in this database: with all four of
  -- them at hand it is hepscope_owner, else the connecting user, who then does everything himself.
  if to_regnamespace('hepscope') is null then
    if usable then
      create schema hepscope authorization hepscope_owner;
    else
      create schema hepscope;
    end if;
  end if;
end $$;

create extension if not exists pg_trgm with schema hepscope;
