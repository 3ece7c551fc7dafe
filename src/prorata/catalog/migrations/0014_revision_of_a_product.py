"""A product gets another revision with every change of what it sells, so that processes know what they may keep of it."""

import uuid

from django.db import migrations, models

# A value that is never used twice, not even after a rollback: whoever kept something under it has kept just that.
THERE = """
CREATE FUNCTION catalog_new_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.revision := gen_random_uuid();
    RETURN NEW;
END $$;
CREATE TRIGGER new_revision BEFORE UPDATE ON catalog_product
    FOR EACH ROW EXECUTE FUNCTION catalog_new_revision();

CREATE FUNCTION catalog_product_sells_otherwise() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    key text := CASE TG_TABLE_NAME WHEN 'catalog_option' THEN 'resource_type_id' ELSE 'product_id' END;
    ids bigint[] := ARRAY[(to_jsonb(NEW)->>key)::bigint, (to_jsonb(OLD)->>key)::bigint];
BEGIN
    IF TG_TABLE_NAME = 'catalog_option' THEN
        ids := ARRAY(SELECT product_id FROM catalog_resourcetype WHERE id = ANY (ids));
    END IF;
    UPDATE catalog_product SET revision = gen_random_uuid() WHERE id = ANY (ids);
    RETURN NULL;
END $$;
CREATE TRIGGER types_change AFTER INSERT OR UPDATE OR DELETE ON catalog_resourcetype
    FOR EACH ROW EXECUTE FUNCTION catalog_product_sells_otherwise();
CREATE TRIGGER options_change AFTER INSERT OR UPDATE OR DELETE ON catalog_option
    FOR EACH ROW EXECUTE FUNCTION catalog_product_sells_otherwise();
CREATE TRIGGER links_change AFTER INSERT OR UPDATE OR DELETE ON catalog_linkedlimit
    FOR EACH ROW EXECUTE FUNCTION catalog_product_sells_otherwise();
CREATE TRIGGER books_change AFTER INSERT OR UPDATE OR DELETE ON catalog_pricebook
    FOR EACH ROW EXECUTE FUNCTION catalog_product_sells_otherwise();
CREATE TRIGGER schedules_change AFTER INSERT OR UPDATE OR DELETE ON catalog_discountschedule
    FOR EACH ROW EXECUTE FUNCTION catalog_product_sells_otherwise();
"""
BACK = """
DROP TRIGGER schedules_change ON catalog_discountschedule;
DROP TRIGGER books_change ON catalog_pricebook;
DROP TRIGGER links_change ON catalog_linkedlimit;
DROP TRIGGER options_change ON catalog_option;
DROP TRIGGER types_change ON catalog_resourcetype;
DROP FUNCTION catalog_product_sells_otherwise();
DROP TRIGGER new_revision ON catalog_product;
DROP FUNCTION catalog_new_revision();
"""


class Migration(migrations.Migration):
    dependencies = [("catalog", "0013_machines_may_move")]
    operations = [
        migrations.AddField(
            model_name="product",
            name="revision",
            field=models.UUIDField(default=uuid.uuid4, editable=False),
        ),
        migrations.RunSQL(THERE, BACK),
    ]
