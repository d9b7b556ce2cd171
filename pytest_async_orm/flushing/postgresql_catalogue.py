"""The statements by which PostgreSQL is asked about its tables.

To look into a table is what costs on a connection that has just been opened: the server reads the table's description
from its catalogue first. So only tables whose file is not empty are looked into; the catalogue tells which those are.
"""

from __future__ import annotations

WRITING = ("RowExclusiveLock", "ShareRowExclusiveLock", "ExclusiveLock", "AccessExclusiveLock")
"""What a transaction locks tables with that may have written rows which nobody sees yet."""

# The second is faster, and for superusers and members of pg_read_server_files.
SIZE = "pg_catalog.pg_relation_size(oid)"
SIZE_OF_FILE = "(pg_catalog.pg_stat_file(pg_catalog.pg_relation_filepath(oid), true)).size"
MAY_SEE_FILES = "SELECT has_function_privilege('pg_catalog.pg_stat_file(text, boolean)', 'EXECUTE')"
IS_DISTRIBUTED = "SELECT extname FROM pg_catalog.pg_extension WHERE extname = 'citus'"

_LISTED = """
WITH visible AS MATERIALIZED (
    SELECT DISTINCT ON (wanted.name) wanted.name, c.oid, c.relkind, c.relnamespace,
        c.relhasrules AND EXISTS (SELECT FROM pg_catalog.pg_rewrite r WHERE r.ev_class = c.oid)
        OR c.relhassubclass AND EXISTS (SELECT FROM pg_catalog.pg_inherits i WHERE i.inhparent = c.oid)
        OR c.relispartition OR c.relrowsecurity OR c.relkind <> 'r'
        OR c.relam <> (SELECT oid FROM pg_catalog.pg_am WHERE amname = 'heap') AS is_special
    FROM unnest(%s::text[]) AS wanted (name)
    JOIN pg_catalog.pg_class c ON c.relname::text = wanted.name
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    JOIN unnest(current_schemas(true)) WITH ORDINALITY AS path (name, position) ON path.name = n.nspname
    ORDER BY wanted.name, path.position
), listed AS MATERIALIZED (
    SELECT name, oid, is_special FROM visible
    WHERE relkind IN ('f', 'p', 'r') AND relnamespace <> 'pg_catalog'::regnamespace
), sized AS MATERIALIZED (SELECT name, {size} AS size FROM listed)
SELECT 'count' AS kind, '' AS name, COUNT(*) AS number, 0 AS more FROM listed
UNION ALL SELECT 'file', name, size, 0 FROM sized WHERE size IS NULL OR size > 0
UNION ALL SELECT 'special', name, 0, 0 FROM listed WHERE is_special
UNION ALL SELECT 'trigger', t.tgname, 0, 0
    FROM pg_catalog.pg_trigger t JOIN listed ON listed.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL SELECT 'reference', k.conname, 0, 0
    FROM pg_catalog.pg_constraint k JOIN listed ON listed.oid = k.confrelid
    WHERE k.contype = 'f' AND k.conrelid NOT IN (SELECT oid FROM listed)
UNION ALL SELECT 'lock', listed.name, 0, 0
    FROM pg_catalog.pg_locks l JOIN listed ON listed.oid = l.relation
    WHERE l.granted AND l.pid IS DISTINCT FROM pg_backend_pid() AND l.mode IN {writing}
        AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
"""

REFERENCES = """
SELECT DISTINCT child.relname, parent.relname
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class child ON child.oid = k.conrelid
JOIN pg_catalog.pg_class parent ON parent.oid = k.confrelid
WHERE k.contype = 'f' AND pg_catalog.pg_table_is_visible(child.oid) AND pg_catalog.pg_table_is_visible(parent.oid)
"""

LOCKERS = """
SELECT l.pid, COALESCE(bool_and(a.state = 'active'), false), COALESCE(max(a.query), ''),
    bool_or(l.mode <> 'AccessShareLock')
FROM pg_catalog.pg_locks l
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
JOIN pg_catalog.pg_class c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.granted AND l.pid IS DISTINCT FROM pg_backend_pid() AND c.relkind IN ('p', 'r')
    AND n.nspname NOT IN ('information_schema', 'pg_catalog', 'pg_toast')
    AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
GROUP BY l.pid
"""


def listed(size: str) -> str:
    """The statement about all tables, with `SIZE` or `SIZE_OF_FILE`; its parameter is the array of their names."""
    writing = ", ".join(f"'{mode}'" for mode in WRITING)
    return _LISTED.format(size=size, writing=f"({writing})")


def holds(table: str, quoted: str) -> str:
    """Whether a table holds a row, as one more part of that statement."""
    return f"SELECT 'rows', '{_literal(table)}', 1, 0 WHERE EXISTS (SELECT 1 FROM {_escaped(quoted)})"


def contents(table: str, quoted: str) -> str:
    """The rows of a table: how many there are, and the newest of the transactions that wrote them.

    A row that is inserted or updated is written by a transaction newer than all before. So what changes rows changes
    one of the two; ages are taken from that of the first transaction, since each transaction adds to them.
    """
    numbers = "COUNT(*), COALESCE(age('3'::xid)::bigint - MIN(age(xmin)), 0)"
    return f"SELECT 'kept', '{_literal(table)}', {numbers} FROM {_escaped(quoted)}"


def sequence(name: str, quoted: str) -> str:
    """What a sequence has given."""
    return f"SELECT 'sequence', '{_literal(name)}', last_value, is_called::int FROM {_escaped(quoted)}"


def _literal(text: str) -> str:
    return _escaped(text.replace("'", "''"))


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
