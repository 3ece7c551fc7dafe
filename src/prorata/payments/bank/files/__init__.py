"""Reading what banks give: CAMT.053 and CSV, into the same plain values. Knows no database."""
