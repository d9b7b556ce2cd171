// SQL for eyes: short in a table, in lines where there is room. What is copied is the text as it was sent.
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|\/\*[^]*?\*\/|%\(\w+\)s|%s|\d+(?:\.\d+)?\b|[\p{L}_][\p{L}\p{N}_]*|\s+|[^]/gu;
const WORDS = new Set((
  "SELECT DISTINCT FROM WHERE AND OR NOT IN IS NULL LIKE ILIKE BETWEEN EXISTS AS ON USING INNER LEFT RIGHT OUTER FULL CROSS " +
  "JOIN ORDER GROUP BY HAVING LIMIT OFFSET ASC DESC UNION ALL INSERT INTO VALUES UPDATE SET DELETE RETURNING CASE WHEN THEN " +
  "ELSE END BEGIN COMMIT ROLLBACK SAVEPOINT RELEASE TO FOR WITH RECURSIVE ESCAPE CAST COUNT SUM MIN MAX AVG COALESCE DO " +
  "NOTHING CONFLICT IGNORE IMMEDIATE"
).split(" "));
const NEW_LINE = new Set(
  "FROM WHERE INNER LEFT RIGHT FULL CROSS ORDER GROUP HAVING LIMIT UNION VALUES SET RETURNING".split(" "));
const INSERTED = /^(\s*INSERT [^()]{1,200})\([^()]{36,}\)(\s*VALUES\s*)\([^()]*\)(?:,\s*\([^()]*\))*/i;
const LONG_LIST = 36, LONG_CELL = 400;
const shortened = new Map();

const tokens = (sql) => sql.match(TOKEN) || [];

// Columns between SELECT and FROM, or of an INSERT, say the least and take the most room.
function brief(sql) {
  if (shortened.has(sql)) return shortened.get(sql);
  const parts = tokens(sql);
  let depth = 0, from = -1;
  if ((parts[0] || "").toUpperCase() === "SELECT") {
    from = parts.findIndex((part) => {
      depth += part === "(" ? 1 : part === ")" ? -1 : 0;
      return depth === 0 && part.toUpperCase() === "FROM";
    });
  }
  const list = from > 0 ? parts.slice(1, from).join("") : "";
  const whole = list.length > LONG_LIST ? `SELECT … ${parts.slice(from).join("")}` : sql.replace(INSERTED, "$1(…)$2(…)");
  const one = whole.replace(/\s+/g, " ").trim();
  const found = one.length > LONG_CELL ? `${one.slice(0, LONG_CELL)}…` : one;
  shortened.set(sql, found);
  return found;
}

function toned(part) {
  if (WORDS.has(part.toUpperCase())) return h("span", { class: "w" }, part);
  if (/^['%]/.test(part)) return h("span", { class: "s" }, part);
  if (/^(--|\/\*)/.test(part)) return h("span", { class: "c" }, part);
  return part;
}

const colours = (sql) => tokens(sql).map(toned);

// A line for every clause of the outermost statement.
function lines(sql) {
  let depth = 0, before = "";
  return tokens(sql).map((part) => {
    depth += part === "(" ? 1 : part === ")" ? -1 : 0;
    const word = part.toUpperCase();
    const breaks = depth === 0 && NEW_LINE.has(word) && before !== "" && before !== "DELETE";
    if (part.trim()) before = word;
    return [breaks ? "\n" : "", toned(part)];
  });
}
