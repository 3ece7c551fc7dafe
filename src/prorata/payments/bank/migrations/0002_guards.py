"""What PostgreSQL refuses in this room, whoever asks: another past, and more given away than a line brought."""

from django.db import migrations

from prorata.ledger import guards

# The first number of the lock is that of line_lock.SPACE. In READ COMMITTED each statement of a function sees what was
# committed before it began, so the sum is made after the lock is held.
AT_MOST = """
CREATE FUNCTION bank_allocation_at_most() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    brought bigint;
    given bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(1650552427, hashint8(NEW.line_id));
    SELECT amount_minor INTO brought FROM bank_statementline WHERE id = NEW.line_id;
    SELECT coalesce(sum(a.amount_minor), 0) INTO given FROM bank_allocation a
     WHERE a.line_id = NEW.line_id AND NOT EXISTS (SELECT 1 FROM bank_unallocation u WHERE u.allocation_id = a.id);
    IF given + NEW.amount_minor > greatest(brought, 0) THEN
        RAISE EXCEPTION 'line % brought %, of which % are assigned: % more are not there', NEW.line_id, brought, given,
            NEW.amount_minor USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER allocation_at_most BEFORE INSERT ON bank_allocation
    FOR EACH ROW EXECUTE FUNCTION bank_allocation_at_most();
"""
NO_LIMIT = "DROP TRIGGER allocation_at_most ON bank_allocation; DROP FUNCTION bank_allocation_at_most();"
WHOLE = """
CREATE FUNCTION bank_unallocation_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    gave bigint;
BEGIN
    SELECT CASE WHEN what IN ('returned', 'not_ours') THEN 0 ELSE amount_minor END INTO gave
      FROM bank_allocation WHERE id = NEW.allocation_id;
    IF NEW.from_invoice_minor + NEW.from_purse_minor + NEW.debt_minor IS DISTINCT FROM gave THEN
        RAISE EXCEPTION 'allocation % is taken back whole: % are to come from somewhere', NEW.allocation_id, gave
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER unallocation_is_whole BEFORE INSERT ON bank_unallocation
    FOR EACH ROW EXECUTE FUNCTION bank_unallocation_is_whole();
"""
IN_PART = "DROP TRIGGER unallocation_is_whole ON bank_unallocation; DROP FUNCTION bank_unallocation_is_whole();"
AT_HOME = """
CREATE FUNCTION bank_line_is_of_its_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM bank_statement s JOIN bank_bankaccount a ON a.id = s.account_id
                    WHERE s.id = NEW.statement_id AND a.id = NEW.account_id AND a.currency = NEW.currency) THEN
        RAISE EXCEPTION 'a line is of the account and the currency of its statement' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER line_is_of_its_account BEFORE INSERT ON bank_statementline
    FOR EACH ROW EXECUTE FUNCTION bank_line_is_of_its_account();
"""
ASTRAY = "DROP TRIGGER line_is_of_its_account ON bank_statementline; DROP FUNCTION bank_line_is_of_its_account();"
WRITTEN_ONCE = ("bank_statement", "bank_statementline", "bank_allocation", "bank_unallocation")


class Migration(migrations.Migration):
    dependencies = [("bank", "0001_initial"), ("ledger", "0003_nothing_later")]

    operations = [
        guards.append_only(*WRITTEN_ONCE),
        guards.numbered(*WRITTEN_ONCE),
        guards.fixed("bank_bankaccount", "seller_id", "currency", "iban", "number"),
        guards.kept("bank_bankaccount"),
        guards.fixed("bank_statementfile", "account_id", "format", "sha256", "content", "uploaded_by", "uploaded_at"),
        migrations.RunSQL(AT_MOST, NO_LIMIT),
        migrations.RunSQL(WHOLE, IN_PART),
        migrations.RunSQL(AT_HOME, ASTRAY),
    ]
