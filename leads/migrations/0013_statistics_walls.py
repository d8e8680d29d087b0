from django.db import migrations

from core.database.operations import tenant_walls

# The sum of these is the difference that a statement makes. A withdrawn lead counts nothing.
TALLY = """
CREATE FUNCTION leadledger_tally_leads() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO leads_leadtally (organization_id, line_id, day, source_id, status, stage, owner_id, leads)
        SELECT lead.organization_id, lead.line_id, (lead.created_at AT TIME ZONE organization.timezone)::date,
               lead.source_id, lead.status, lead.stage, lead.owner_id, count(*)
          FROM new_rows lead JOIN core_organization organization ON organization.id = lead.organization_id
         WHERE lead.deleted_at IS NULL
         GROUP BY 1, 2, 3, 4, 5, 6, 7;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO leads_leadtally (organization_id, line_id, day, source_id, status, stage, owner_id, leads)
        SELECT lead.organization_id, lead.line_id, (lead.created_at AT TIME ZONE organization.timezone)::date,
               lead.source_id, lead.status, lead.stage, lead.owner_id, sum(lead.one)
          FROM (SELECT organization_id, line_id, created_at, source_id, status, stage, owner_id, 1 AS one
                  FROM new_rows WHERE deleted_at IS NULL
                UNION ALL
                SELECT organization_id, line_id, created_at, source_id, status, stage, owner_id, -1
                  FROM old_rows WHERE deleted_at IS NULL) AS lead
          JOIN core_organization organization ON organization.id = lead.organization_id
         GROUP BY 1, 2, 3, 4, 5, 6, 7 HAVING sum(lead.one) <> 0;
    ELSE
        INSERT INTO leads_leadtally (organization_id, line_id, day, source_id, status, stage, owner_id, leads)
        SELECT lead.organization_id, lead.line_id, (lead.created_at AT TIME ZONE organization.timezone)::date,
               lead.source_id, lead.status, lead.stage, lead.owner_id, -count(*)
          FROM old_rows lead JOIN core_organization organization ON organization.id = lead.organization_id
         WHERE lead.deleted_at IS NULL
         GROUP BY 1, 2, 3, 4, 5, 6, 7;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION leadledger_tally_leads() FROM PUBLIC;

-- One statement, so that leads and tallies are seen as of one moment.
CREATE FUNCTION leadledger_tally_anew(asked bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    WITH gone AS (DELETE FROM leads_leadtally WHERE organization_id = asked)
    INSERT INTO leads_leadtally (organization_id, line_id, day, source_id, status, stage, owner_id, leads)
    SELECT lead.organization_id, lead.line_id, (lead.created_at AT TIME ZONE organization.timezone)::date,
           lead.source_id, lead.status, lead.stage, lead.owner_id, count(*)
      FROM leads_lead lead JOIN core_organization organization ON organization.id = lead.organization_id
     WHERE lead.organization_id = asked AND lead.deleted_at IS NULL
     GROUP BY 1, 2, 3, 4, 5, 6, 7
$$;
REVOKE ALL ON FUNCTION leadledger_tally_anew(bigint) FROM PUBLIC;

CREATE FUNCTION leadledger_days_moved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM leadledger_tally_anew(NEW.id);
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION leadledger_days_moved() FROM PUBLIC;

CREATE TRIGGER tally_insert AFTER INSERT ON leads_lead REFERENCING NEW TABLE AS new_rows
   FOR EACH STATEMENT EXECUTE FUNCTION leadledger_tally_leads();
CREATE TRIGGER tally_update AFTER UPDATE ON leads_lead REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
   FOR EACH STATEMENT EXECUTE FUNCTION leadledger_tally_leads();
CREATE TRIGGER tally_delete AFTER DELETE ON leads_lead REFERENCING OLD TABLE AS old_rows
   FOR EACH STATEMENT EXECUTE FUNCTION leadledger_tally_leads();
CREATE TRIGGER tally_days_moved AFTER UPDATE OF timezone ON core_organization
   FOR EACH ROW WHEN (OLD.timezone IS DISTINCT FROM NEW.timezone) EXECUTE FUNCTION leadledger_days_moved();

SELECT leadledger_tally_anew(id) FROM core_organization;
"""
NO_TALLY = """
DROP TRIGGER tally_days_moved ON core_organization;
DROP TRIGGER tally_insert ON leads_lead;
DROP TRIGGER tally_update ON leads_lead;
DROP TRIGGER tally_delete ON leads_lead;
DROP FUNCTION leadledger_days_moved();
DROP FUNCTION leadledger_tally_anew(bigint);
DROP FUNCTION leadledger_tally_leads();
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0012_statistics"), ("core", "0012_saved_mappings")]

    operations = [
        *tenant_walls("leadtally", history=False),
        *tenant_walls("leadflaw", history=False),
        *tenant_walls("countedfigures", history=False),
        migrations.RunSQL(TALLY, NO_TALLY),
    ]
