// The rule language in the browser: the same trees, the same outcomes as the server's interpreter, so that a form
// can show, hide and require its fields while it is filled in. The server decides again; nothing rests on this.
//
//   {"all": [...]} · {"any": [...]} · {"not": rule} · {"field": key, "op": op, "value": literal, list or {"field": key}}
//
// A comparison with a missing value is false, `ne` too; only is_empty and is_not_empty see it. Numbers are compared
// as decimals of any size, never as floats. Text is compared after NFKC, case folding and trimming, unless the
// condition says "exact".

/** Thrown when a rule cannot be decided here: a key the page does not hold, or an expression only RE2 reads. */
export class Undecided extends Error {}

const NUMBERS = new Set(["integer", "decimal", "money", "percent", "computed"]);
const MOMENTS = new Set(["date", "datetime", "time"]);
const DAY = 86_400_000;

/** Case folding as Python does it, letter by letter: ß is ss, final sigma is sigma, dotless i stays itself. */
function fold(text) {
  let folded = "";
  for (const letter of text) folded += letter === "ı" ? letter : letter.toUpperCase().toLowerCase();
  return folded;
}

export function normalise(value) {
  return fold(String(value).normalize("NFKC")).normalize("NFKC").trim();
}

/** A decimal as [digits, scale] with digits a BigInt, or null. Grouping and currency signs are left aside. */
export function decimal(value) {
  if (value === null || value === undefined || typeof value === "boolean") return null;
  const text = String(value).replace(/[\s,₹$€£]/gu, "").replace("\u2212", "-");
  const found = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,3}))?$/iu.exec(text);
  if (!found || !(found[2] || found[3])) return null;
  const [, sign, whole, fraction = "", exponent = "0"] = found;
  const digits = BigInt(`${whole}${fraction}` || "0");
  const scale = fraction.length - Number(exponent);
  const signed = sign === "-" ? -digits : digits;
  return scale < 0 ? [signed * 10n ** BigInt(-scale), 0] : [signed, scale];
}

function compareDecimals([left, leftScale], [right, rightScale]) {
  const scale = Math.max(leftScale, rightScale);
  const a = left * 10n ** BigInt(scale - leftScale);
  const b = right * 10n ** BigInt(scale - rightScale);
  return a < b ? -1 : a > b ? 1 : 0;
}

function isMissing(value) {
  if (value === null || value === undefined) return true;
  return Array.isArray(value) ? value.length === 0 : typeof value === "string" && value.trim() === "";
}

/** A value made comparable for a field of this type; null where it cannot be. */
function comparable(value, type, exact) {
  if (isMissing(value)) return null;
  if (NUMBERS.has(type)) return decimal(value);
  if (type === "boolean") return ["true", "yes", "1", "on"].includes(normalise(value)) ? "true" : "false";
  if (MOMENTS.has(type)) return String(value).trim().replace(" ", "T");
  return exact ? String(value) : normalise(value);
}

function order(left, right) {
  if (Array.isArray(left)) return compareDecimals(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

function compare(left, right, type, exact) {
  const a = comparable(left, type, exact);
  const b = comparable(right, type, exact);
  return a === null || b === null ? null : order(a, b);
}

function compareDates(left, right) {
  const length = Math.min(String(left).length, String(right).length);
  const a = String(left).replace(" ", "T").slice(0, length);
  const b = String(right).replace(" ", "T").slice(0, length);
  return a < b ? -1 : a > b ? 1 : 0;
}

function matchesExpression(value, pattern) {
  let expression;
  try {
    expression = new RegExp(`^(?:${pattern})$`, "u");
  } catch {
    throw new Undecided(pattern);
  }
  return expression.test(String(value));
}

const list = (value) => (Array.isArray(value) ? value : [value]);

function test(op, value, wanted, type, exact, today) {
  const is = (accept) => (left, right) => {
    const result = compare(left, right, type, exact);
    return result !== null && accept(result);
  };
  const equal = is((result) => result === 0);
  const among = () => list(wanted).some((one) => equal(value, one));
  const text = (one) => (exact ? String(one) : normalise(one));
  const holds = (one) => list(value).some((own) => equal(own, one));
  switch (op) {
    case "eq": return equal(value, wanted);
    case "ne": return is((result) => result !== 0)(value, wanted);
    case "in": return among();
    case "not_in": return !among();
    case "gt": return is((result) => result > 0)(value, wanted);
    case "gte": return is((result) => result >= 0)(value, wanted);
    case "lt": return is((result) => result < 0)(value, wanted);
    case "lte": return is((result) => result <= 0)(value, wanted);
    case "between": return is((result) => result >= 0)(value, wanted[0]) && is((result) => result <= 0)(value, wanted[1]);
    case "contains": return Array.isArray(value) ? holds(wanted) : text(value).includes(text(wanted));
    case "starts_with": return text(value).startsWith(text(wanted));
    case "ends_with": return text(value).endsWith(text(wanted));
    case "matches": return matchesExpression(value, wanted);
    case "before": return compareDates(value, wanted) < 0;
    case "after": return compareDates(value, wanted) > 0;
    case "within_days": return Math.abs(Date.parse(String(value).slice(0, 10)) - Date.parse(today)) <= Number(wanted) * DAY;
    case "has_any": return list(wanted).some(holds);
    case "has_all": return list(wanted).every(holds);
    default: throw new Undecided(op);
  }
}

function look(key, page) {
  if (!page.values.has(key)) throw new Undecided(key);
  return page.values.get(key);
}

/**
 * Evaluate a rule.
 *
 * `page.values` maps keys to texts, lists of texts or null; `page.types` maps keys to field types; `page.today` is
 * the organisation's day as YYYY-MM-DD. Throws Undecided.
 */
export function evaluate(rule, page) {
  if (rule.all) return rule.all.every((part) => evaluate(part, page));
  if (rule.any) return rule.any.some((part) => evaluate(part, page));
  if (rule.not) return !evaluate(rule.not, page);
  const value = look(rule.field, page);
  if (rule.op === "is_empty") return isMissing(value);
  if (rule.op === "is_not_empty") return !isMissing(value);
  const refers = rule.value !== null && typeof rule.value === "object" && "field" in rule.value;
  const wanted = refers ? look(rule.value.field, page) : rule.value;
  if (isMissing(value) || isMissing(wanted)) return false;
  return test(rule.op, value, wanted, page.types.get(rule.field) ?? "text", rule.exact === true, page.today);
}
