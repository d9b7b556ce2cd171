"""The statements by which PostgreSQL is asked about its tables.

On a connection that has just been opened it takes long to look into tables, or to ask the catalogue about each of them:
the server reads their descriptions first. So what the catalogue says of them is asked once, and then only whether the
catalogue has changed; and only tables whose file is not empty are looked into.
"""

from __future__ import annotations

from collections.abc import Sequence

_OURS = "(SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())"
# What a transaction locks tables with that may have written rows which nobody sees yet.
_WRITING = "('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')"
_CATALOGUE = ("pg_class", "pg_constraint", "pg_inherits", "pg_namespace", "pg_rewrite", "pg_trigger")
# A row that is inserted or updated is written by a transaction newer than all before. So whatever changes rows changes
# one of the two; ages are taken from that of the first transaction, since each transaction adds to them.
_NUMBERS = "COUNT(*), COALESCE(age('3'::xid)::bigint - MIN(age(xmin)), 0)"

MAY_SEE_FILES = "SELECT has_function_privilege('pg_catalog.pg_stat_file(text, boolean)', 'EXECUTE')"
IS_DISTRIBUTED = "SELECT extname FROM pg_catalog.pg_extension WHERE extname = 'citus'"

# Each answers rows of kind, name, and two numbers.
VERSION = " UNION ALL ".join(
    [
        *(f"SELECT 'version' AS kind, '{name}' AS name, {_NUMBERS} FROM pg_catalog.{name}" for name in _CATALOGUE),
        f"SELECT 'version', array_to_string(current_schemas(true), ','), {_OURS}::bigint, 0",
    ]
)

STRUCTURE = """
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
)
SELECT 'table' AS kind, name, oid::bigint AS number, pg_catalog.pg_relation_filepath(oid) AS more FROM listed
UNION ALL SELECT 'special', name, 0, '' FROM listed WHERE is_special
UNION ALL SELECT 'trigger', t.tgname, 0, ''
    FROM pg_catalog.pg_trigger t JOIN listed ON listed.oid = t.tgrelid WHERE NOT t.tgisinternal
UNION ALL SELECT 'reference', k.conname, 0, ''
    FROM pg_catalog.pg_constraint k JOIN listed ON listed.oid = k.confrelid
    WHERE k.contype = 'f' AND k.conrelid NOT IN (SELECT oid FROM listed)
"""

REFERENCES = """
SELECT DISTINCT child.relname, parent.relname
FROM pg_catalog.pg_constraint k
JOIN pg_catalog.pg_class child ON child.oid = k.conrelid
JOIN pg_catalog.pg_class parent ON parent.oid = k.confrelid
WHERE k.contype = 'f' AND pg_catalog.pg_table_is_visible(child.oid) AND pg_catalog.pg_table_is_visible(parent.oid)
"""

LOCKERS = f"""
SELECT l.pid, COALESCE(bool_and(a.state = 'active'), false), COALESCE(max(a.query), ''),
    bool_or(l.mode <> 'AccessShareLock')
FROM pg_catalog.pg_locks l
LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
JOIN pg_catalog.pg_class c ON c.oid = l.relation
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE l.granted AND l.pid IS DISTINCT FROM pg_backend_pid() AND c.relkind IN ('p', 'r')
    AND n.nspname NOT IN ('information_schema', 'pg_catalog', 'pg_toast') AND l.database = {_OURS}
GROUP BY l.pid
"""


def files(numbers: Sequence[int], paths: Sequence[str]) -> str:
    """The tables, by their number in the catalogue, whose file of that path holds something."""
    return _holding_something("pg_catalog.pg_stat_file(place, true)).size", numbers, f"{_array(paths)}::text[]")


def sizes(numbers: Sequence[int]) -> str:
    """The same for those who may not see files, which takes longer."""
    return _holding_something("pg_catalog.pg_relation_size(place))", numbers, f"{_array(numbers)}::oid[]")


def _holding_something(size: str, numbers: Sequence[int], places: str) -> str:
    found = f"unnest({_array(numbers)}::bigint[], {places}) AS listed (number, place)"
    return (
        f"SELECT 'file', '', number, size FROM (SELECT number, ({size} AS size FROM {found}) AS sized "
        "WHERE size IS NULL OR size > 0"
    )


def locks(numbers: Sequence[int]) -> str:
    """The tables, by their number in the catalogue, to which somebody else writes at the moment."""
    somebody_else = f"granted AND database = {_OURS} AND pid IS DISTINCT FROM pg_backend_pid()"
    return (
        f"SELECT 'lock', '', relation::bigint, 0 FROM pg_catalog.pg_locks WHERE {somebody_else} "
        f"AND mode IN {_WRITING} AND relation = ANY ({_array(numbers)}::oid[])"
    )


def holds(table: str, quoted: str) -> str:
    """Whether a table holds a row."""
    return f"SELECT 'rows', {_literal(table)}, 1, 0 WHERE EXISTS (SELECT 1 FROM {quoted})"


def contents(table: str, quoted: str) -> str:
    """The rows of a table: how many there are, and the newest of the transactions that wrote them."""
    return f"SELECT 'kept', {_literal(table)}, {_NUMBERS} FROM {quoted}"


def sequence(name: str, quoted: str) -> str:
    """What a sequence has given."""
    return f"SELECT 'sequence', {_literal(name)}, last_value, is_called::int FROM {quoted}"


def _array(values: Sequence[object]) -> str:
    # Numbers, and paths that the server gave, which are numbers, slashes and `base` or `pg_tblspc`.
    return _literal("{" + ",".join(map(str, values)) + "}")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
