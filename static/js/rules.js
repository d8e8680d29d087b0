// The rule language in the browser: the same trees, the same outcomes as core/rules on the server, so that a form
// can show, hide and require its fields while it is filled in. The server decides again; nothing rests on this.
//
//   {"all": [...]} · {"any": [...]} · {"not": rule} · {"field": key, "op": op, "value": literal, list or {"field": key}}
//
// A comparison with a missing value is false, `ne` too; only is_empty and is_not_empty see it. A value that cannot be
// read as its kind is missing. Numbers are decimals of any size, never floats. Text is compared after NFKC, case
// folding and trimming, unless the condition says "exact".

/** Thrown when a rule cannot be decided here: a key the page does not hold, or an expression only RE2 reads. */
export class Undecided extends Error {}

const KINDS = {
  integer: "number", decimal: "number", money: "number", percent: "number", computed: "number", number: "number",
  boolean: "boolean", date: "date", datetime: "datetime", time: "time", multi_select: "multi", multi: "multi",
  user: "reference", lead: "reference", reference: "reference",
  file: "presence", image: "presence", location: "presence", presence: "presence",
};
// What Python's strip() takes away; trim() differs in a few signs.
const BLANK = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+";
const BLANKS = new RegExp(`^${BLANK}|${BLANK}$`, "g");
const NUMBER = /^(-?)([0-9]+)(?:\.([0-9]+))?$/;
const DAY = 86_400_000;

/** Case folding as Python does it, letter by letter: ß is ss, final sigma is sigma, dotless i stays itself. */
function fold(text) {
  let folded = "";
  for (const letter of text) folded += letter === "ı" ? letter : letter.toUpperCase().toLowerCase();
  return folded;
}

/** A text in the form in which texts are compared; repeated until it is stable, as folding can undo composition. */
export function normalise(value) {
  let text = String(value);
  let before;
  do {
    before = text;
    text = fold(text.normalize("NFKC")).normalize("NFKC").replace(BLANKS, "");
  } while (text !== before);
  return text;
}

/** A decimal as {digits, scale}, digits a BigInt, or null. What a person typed may carry grouping and a currency sign. */
function readNumber(value) {
  const found = NUMBER.exec(String(value).replace(/[\s,_₹$€£]/gu, "").replace("\u2212", "-"));
  if (!found || found[0].length > 200) return null;
  const [, sign, whole, fraction = ""] = found;
  const digits = BigInt(whole + fraction);
  return { digits: sign ? -digits : digits, scale: fraction.length };
}

function compareNumbers(left, right) {
  const scale = Math.max(left.scale, right.scale);
  const a = left.digits * 10n ** BigInt(scale - left.scale);
  const b = right.digits * 10n ** BigInt(scale - right.scale);
  return a < b ? -1 : Number(a > b);
}

/** How far a timezone's clocks are ahead of UTC at a moment, in milliseconds. */
function offsetAt(moment, timezone) {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: timezone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric", second: "numeric",
  });
  const part = Object.fromEntries(format.formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year, part.month - 1, part.day, part.hour, part.minute, part.second) - Math.floor(moment / 1000) * 1000;
}

/** A moment in milliseconds; one without an offset is on the clocks of the organisation's timezone. */
function readMoment(value, page) {
  const text = String(value).trim().replace(" ", "T");
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return null;
  if (/(Z|[+-]\d\d:?\d\d)$/.test(text)) return Number.isNaN(Date.parse(text)) ? null : Date.parse(text);
  const wall = Date.parse(`${text}Z`);
  if (Number.isNaN(wall)) return null;
  const zone = page.timezone || "UTC";
  return wall - offsetAt(wall - offsetAt(wall, zone), zone);
}

function readDate(value) {
  const text = String(value).trim();
  const moment = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : NaN;
  // The browser takes 30 February for a day in March.
  return !Number.isNaN(moment) && new Date(moment).toISOString().startsWith(text) ? text : null;
}

function readTime(value) {
  const found = /^(\d\d:\d\d)(:\d\d(?:\.\d{1,6})?)?$/.exec(String(value).trim());
  return found && found[1] + (found[2] ?? ":00").padEnd(10, found[2]?.includes(".") ? "0" : ".000000").slice(0, 10);
}

/** A person or lead that was typed, and that only the server can tell: it is there, and nothing is known of it. */
export const UNRESOLVED = Symbol("unresolved");

/** Whether something is there of which only that can be asked: a file, a place. */
function isFilled(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length > 0;
}

/** A value made comparable for its kind, or null: missing. */
function read(value, kind, exact, page) {
  if (kind === "presence") return isFilled(value) ? true : null;
  if (value === null || value === undefined || (Array.isArray(value) && kind !== "multi")) return null;
  if (kind === "reference" && value === UNRESOLVED) return value;
  switch (kind) {
    case "number": return typeof value === "boolean" ? null : readNumber(value);
    case "boolean": return { true: true, false: false }[String(value)] ?? null;
    case "date": return readDate(value);
    case "datetime": return readMoment(value, page);
    case "time": return readTime(value);
    case "multi": {
      const items = [value].flat().map(normalise).filter(Boolean);
      return items.length ? new Set(items) : null;
    }
    default: return normalise(value) === "" ? null : exact ? String(value) : normalise(value);
  }
}

function compare(left, right, kind) {
  if (kind === "number") return compareNumbers(left, right);
  return left < right ? -1 : Number(left > right);
}

function occurs(pattern, text) {
  let expression;
  try {
    const flagged = /^\(\?i\)/.test(pattern);
    expression = new RegExp(flagged ? pattern.slice(4) : pattern, flagged ? "iu" : "u");
  } catch {
    throw new Undecided(pattern);
  }
  return expression.test(text);
}

function within(days, value, kind, page) {
  if (kind === "date") return Math.abs(Date.parse(value) - Date.parse(page.today)) <= days * DAY;
  const edge = (shift) => readMoment(`${new Date(Date.parse(page.today) + shift * DAY).toISOString().slice(0, 10)}T00:00`, page);
  return value >= edge(-days) && value < edge(days + 1);
}

const ORDERS = {
  eq: (order) => order === 0, ne: (order) => order !== 0,
  gt: (order) => order > 0, gte: (order) => order >= 0, after: (order) => order > 0,
  lt: (order) => order < 0, lte: (order) => order <= 0, before: (order) => order < 0,
};

/** What an operator asks of a value that is there. `wanted` is already readable: a value, or a list of values. */
function holds(op, value, wanted, kind, page) {
  const same = (one) => one !== null && compare(value, one, kind) === 0;
  if (op in ORDERS) return ORDERS[op](compare(value, wanted, kind));
  switch (op) {
    case "in": return wanted.some(same);
    case "not_in": return !wanted.some(same);
    case "between": return compare(value, wanted[0], kind) >= 0 && compare(value, wanted[1], kind) <= 0;
    case "contains": return value.includes(wanted);
    case "starts_with": return value.startsWith(wanted);
    case "ends_with": return value.endsWith(wanted);
    case "matches": return occurs(wanted, value);
    case "within_days": return within(Number(wanted), value, kind, page);
    case "has_any": return [...wanted].some((one) => value.has(one));
    case "has_all": return [...wanted].every((one) => value.has(one));
    default: throw new Undecided(op);
  }
}

function look(key, page) {
  if (!page.values.has(key)) throw new Undecided(key);
  return page.values.get(key);
}

function operandOf(rule, kind, exact, page) {
  const { op, value } = rule;
  if (op === "matches" || op === "within_days") return value;
  if (value !== null && typeof value === "object" && "field" in value) return read(look(value.field, page), kind, exact, page);
  if (kind !== "multi" && Array.isArray(value)) return value.map((one) => read(one, kind, exact, page));
  return read(value, kind, exact, page);
}

function condition(rule, page) {
  const kind = KINDS[page.types.get(rule.field)] ?? "text";
  const exact = rule.exact === true || rule.op === "matches";
  const value = read(look(rule.field, page), kind, exact, page);
  if (rule.op === "is_empty") return value === null;
  if (rule.op === "is_not_empty") return value !== null;
  const wanted = operandOf(rule, kind, exact, page);
  if (value === UNRESOLVED || (wanted === UNRESOLVED && value !== null)) throw new Undecided(rule.field);
  return value !== null && wanted !== null && holds(rule.op, value, wanted, kind, page);
}

/**
 * Evaluate a rule.
 *
 * `page.values` maps keys to texts, lists of texts or null; `page.types` maps keys to field types; `page.today` is the
 * organisation's day (YYYY-MM-DD) and `page.timezone` its timezone. Throws Undecided.
 */
export function evaluate(rule, page) {
  if (rule.all) return rule.all.every((part) => evaluate(part, page));
  if (rule.any) return rule.any.some((part) => evaluate(part, page));
  if (rule.not) return !evaluate(rule.not, page);
  return condition(rule, page);
}
