"""What PostgreSQL itself refuses, as SQL for the rooms' migrations.

Every function returns `RunSQL` that can be applied to an existing database and taken back.
"""

from __future__ import annotations

from django.db import migrations

REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION prorata_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are append-only: % refused, add a correcting row instead', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$;
"""

# Deferred to commit: a transfer and its entries are written by several statements, and only the whole must balance.
BALANCED = """
CREATE OR REPLACE FUNCTION prorata_transfer_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved bigint := CASE WHEN TG_TABLE_NAME = 'ledger_transfer' THEN NEW.id ELSE (to_jsonb(NEW)->>'transfer_id')::bigint END;
    entries bigint;
    off text;
    foreign_account boolean;
BEGIN
    SELECT coalesce(sum(n), 0), string_agg(currency || ' off by ' || total, ', ') FILTER (WHERE total <> 0), bool_or(astray)
      INTO entries, off, foreign_account
      FROM (SELECT e.currency, count(*) AS n, sum(e.amount_minor) AS total, bool_or(a.currency <> e.currency) AS astray
              FROM ledger_entry e JOIN ledger_account a ON a.id = e.account_id
             WHERE e.transfer_id = moved GROUP BY e.currency) per_currency;
    IF entries < 2 THEN
        RAISE EXCEPTION 'transfer % has fewer than two entries', moved USING ERRCODE = 'check_violation';
    ELSIF off IS NOT NULL THEN
        RAISE EXCEPTION 'transfer % does not balance: %', moved, off USING ERRCODE = 'check_violation';
    ELSIF foreign_account THEN
        RAISE EXCEPTION 'transfer % posts to an account of another currency', moved USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER transfer_balances AFTER INSERT ON ledger_transfer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION prorata_transfer_balances();
CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION prorata_transfer_balances();
"""
UNBALANCED = """
DROP TRIGGER entry_balances ON ledger_entry;
DROP TRIGGER transfer_balances ON ledger_transfer;
DROP FUNCTION prorata_transfer_balances();
"""


# A balanced pair of entries would pass the sum, so the transfer's own age is asked too. A row that is visible and whose
# transaction is still in progress is ours: nobody else's unfinished row can be seen. Savepoints count as in progress.
NOT_LATER = """
CREATE OR REPLACE FUNCTION prorata_entry_comes_with_its_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    this bigint := pg_current_xact_id()::text::bigint;
    apart bigint;
BEGIN
    -- A row remembers 32 bits of its transaction's number: the nearest number with those bits is meant.
    SELECT (xmin::text::bigint - this) & 4294967295 INTO apart FROM ledger_transfer WHERE id = NEW.transfer_id;
    IF apart >= 2147483648 THEN
        apart := apart - 4294967296;
    END IF;
    IF this + apart < 3 OR pg_xact_status((this + apart)::text::xid8) IS DISTINCT FROM 'in progress' THEN
        RAISE EXCEPTION 'transfer % is written already: nothing is added to it, write another transfer', NEW.transfer_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER entry_comes_with_its_transfer AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION prorata_entry_comes_with_its_transfer();
"""
LATER = """
DROP TRIGGER entry_comes_with_its_transfer ON ledger_entry;
DROP FUNCTION prorata_entry_comes_with_its_transfer();
"""
# As for a transfer's entries, for the rows of any document. An invoice changes after its issue (it is paid) and bears
# the number of that later transaction; its lines never change, so they are asked as well. Only the rows of one document.
WITH_PARENT = """
CREATE OR REPLACE FUNCTION prorata_in_progress(row_xmin xid) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    this bigint := pg_current_xact_id()::text::bigint;
    apart bigint := (row_xmin::text::bigint - this) & 4294967295;
BEGIN
    IF apart >= 2147483648 THEN
        apart := apart - 4294967296;
    END IF;
    RETURN this + apart >= 3 AND pg_xact_status((this + apart)::text::xid8) IS NOT DISTINCT FROM 'in progress';
END $$;
"""
# Before the first row of a statement is made, so before any id is drawn from a sequence.
NUMBERED = """
CREATE OR REPLACE FUNCTION prorata_take_number() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_current_xact_id();
    RETURN NULL;
END $$;
"""
REFUSE_DELETE = """
CREATE OR REPLACE FUNCTION prorata_refuse_delete() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;
"""


def balanced_transfers() -> migrations.RunSQL:
    return migrations.RunSQL(BALANCED, UNBALANCED)


def closed_transfers() -> migrations.RunSQL:
    """Entries are written in the transaction of their transfer; later ones are refused, balanced or not."""
    return migrations.RunSQL(NOT_LATER, LATER)


def comes_with(table: str, column: str, parent: str) -> migrations.RunSQL:
    """Rows of `table`, themselves append-only, are written in the transaction of the row that `column` names."""
    name = f"{table}_comes_with_its_whole"
    there = f"""
    CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (SELECT FROM {parent} WHERE id = NEW.{column} AND NOT prorata_in_progress(xmin))
           OR EXISTS (SELECT FROM {table} WHERE {column} = NEW.{column} AND NOT prorata_in_progress(xmin)) THEN
            RAISE EXCEPTION '{table}: {parent} % is issued, and nothing is added to it', NEW.{column}
                USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER {name} AFTER INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}();
    """
    return migrations.RunSQL(WITH_PARENT + there, f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();")


def append_only(*tables: str) -> migrations.RunSQL:
    """UPDATE, DELETE and TRUNCATE of these tables are refused, whoever asks."""
    there = "".join(
        f"CREATE TRIGGER {table}_rows_stay BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION prorata_refuse_change();"
        f"CREATE TRIGGER {table}_table_stays BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION prorata_refuse_change();"
        for table in tables
    )
    back = "".join(f"DROP TRIGGER {t}_rows_stay ON {t}; DROP TRIGGER {t}_table_stays ON {t};" for t in tables)
    return migrations.RunSQL(REFUSE_CHANGE + there, back)


def numbered(*tables: str) -> migrations.RunSQL:
    """A transaction has its number before it draws an id: who seals these tables knows when no lower id can come."""
    there = "".join(
        f"CREATE TRIGGER {table}_numbered BEFORE INSERT ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION prorata_take_number();"
        for table in tables
    )
    back = "".join(f"DROP TRIGGER {t}_numbered ON {t};" for t in tables)
    return migrations.RunSQL(NUMBERED + there, back)


def kept(*tables: str) -> migrations.RunSQL:
    """Rows of these tables change, but are never deleted."""
    there = "".join(
        f"CREATE TRIGGER {table}_rows_kept BEFORE DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION prorata_refuse_delete();"
        f"CREATE TRIGGER {table}_table_kept BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION prorata_refuse_delete();"
        for table in tables
    )
    back = "".join(f"DROP TRIGGER {t}_rows_kept ON {t}; DROP TRIGGER {t}_table_kept ON {t};" for t in tables)
    return migrations.RunSQL(REFUSE_DELETE + there, back)


def states(table: str, column: str, graph: dict[str, set[str]]) -> migrations.RunSQL:
    """A status may only move along the declared graph; a state that is missing as a key is final."""
    allowed = " OR ".join(
        f"(OLD.{column} = '{source}' AND NEW.{column} IN ({', '.join(repr(t) for t in sorted(targets))}))"
        for source, targets in sorted(graph.items())
    )
    there = f"""
    CREATE OR REPLACE FUNCTION {table}_{column}_moves() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT ({allowed}) THEN
            RAISE EXCEPTION '{table}: {column} cannot go from % to %', OLD.{column}, NEW.{column}
                USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER {table}_{column}_moves BEFORE UPDATE OF {column} ON {table}
        FOR EACH ROW WHEN (OLD.{column} IS DISTINCT FROM NEW.{column}) EXECUTE FUNCTION {table}_{column}_moves();
    """
    return migrations.RunSQL(
        there, f"DROP TRIGGER {table}_{column}_moves ON {table}; DROP FUNCTION {table}_{column}_moves();"
    )


def fixed(table: str, *columns: str, name: str = "facts") -> migrations.RunSQL:
    """These columns are written once with their row and never change. A second group of a table needs another `name`."""
    differs = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in columns)
    return _refuse_update(table, f"{table}_{name}_stay", differs, f"{', '.join(columns)} never change")


def finished(table: str, column: str, *open_states: str) -> migrations.RunSQL:
    """A row whose `column` is none of `open_states` never changes again in any column."""
    alive = ", ".join(f"'{state}'" for state in open_states)
    ended = f"OLD.{column} NOT IN ({alive}) AND OLD.* IS DISTINCT FROM NEW.*"
    return _refuse_update(table, f"{table}_end_stays", ended, f"a row whose {column} is final never changes")


def only_rises(table: str, column: str) -> migrations.RunSQL:
    """A counter that never goes back: what was given once is not given again."""
    return _refuse_update(
        table, f"{table}_{column}_rises", f"NEW.{column} < OLD.{column}", f"{column} never goes back"
    )


def _refuse_update(table: str, name: str, when: str, words: str) -> migrations.RunSQL:
    there = f"""
    CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '{table}: {words}' USING ERRCODE = 'restrict_violation';
    END $$;
    CREATE TRIGGER {name} BEFORE UPDATE ON {table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION {name}();
    """
    return migrations.RunSQL(there, f"DROP TRIGGER {name} ON {table}; DROP FUNCTION {name}();")
