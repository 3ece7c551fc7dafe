"""What PostgreSQL refuses about money that goes back, whoever asks: never more than was captured, nothing rewritten."""

from django.db import migrations

from prorata.ledger import guards

# What the gateway says wins over what we thought: also after a refusal, and after a success that the bank sent back.
GRAPH = {
    "created": {"unknown", "pending", "succeeded", "failed"},
    "unknown": {"pending", "succeeded", "failed"},
    "pending": {"succeeded", "failed"},
    "succeeded": {"failed"},
    "failed": {"pending", "succeeded"},
}

# Rows of one capture are counted one after another: the customer's row is the lock that every act on money takes first.
NEVER_MORE = """
CREATE OR REPLACE FUNCTION payments_never_more_back() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    taken bigint;
    away bigint;
    asked bigint := 0;
BEGIN
    PERFORM 1 FROM customers_customer
      WHERE id = (SELECT customer_id FROM payments_capture WHERE id = NEW.capture_id) FOR NO KEY UPDATE;
    SELECT amount_minor INTO taken FROM payments_capture WHERE id = NEW.capture_id;
    SELECT coalesce(sum(CASE way WHEN 'out' THEN amount_minor ELSE -amount_minor END), 0) INTO away
      FROM payments_moneyback WHERE capture_id = NEW.capture_id;
    IF TG_TABLE_NAME = 'payments_refund' THEN
        SELECT coalesce(sum(r.amount_minor), 0) INTO asked FROM payments_refund r
         WHERE r.capture_id = NEW.capture_id AND r.state <> 'failed'
           AND NOT EXISTS (SELECT 1 FROM payments_moneyback m
                            WHERE m.capture_id = r.capture_id AND m.kind = 'refund' AND m.outside_id = r.refund_id);
    END IF;
    IF away + asked > taken OR away < 0 THEN
        RAISE EXCEPTION '%: % of capture % would be back, % were taken', TG_TABLE_NAME, away + asked, NEW.capture_id, taken
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refund_never_more AFTER INSERT ON payments_refund
    FOR EACH ROW EXECUTE FUNCTION payments_never_more_back();
CREATE TRIGGER money_back_never_more AFTER INSERT ON payments_moneyback
    FOR EACH ROW EXECUTE FUNCTION payments_never_more_back();
"""
ANYTHING = """
DROP TRIGGER refund_never_more ON payments_refund;
DROP TRIGGER money_back_never_more ON payments_moneyback;
DROP FUNCTION payments_never_more_back();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0005_money_back"), ("ledger", "0003_nothing_later")]

    operations = [
        guards.append_only("payments_moneyback"),
        guards.numbered("payments_moneyback"),
        guards.kept("payments_refund"),
        guards.states("payments_refund", "state", GRAPH),
        guards.fixed("payments_refund", "capture_id", "amount_minor", "currency", "reason", "made_by"),
        migrations.RunSQL(NEVER_MORE, ANYTHING),
    ]
