/**
 * JSON with sorted keys and no spaces, so that equal values give equal bytes. Throws for values
 * that JSON cannot carry (bigint, functions, undefined in arrays, non-finite numbers) instead of
 * dropping them. Undefined members are left out.
 */
export function canonicalJson(value: unknown): string {
  return textOf(value, new Map());
}

/**
 * Rules share their sources, and one line can make hundreds of rules, so the text of each object is
 * kept.
 */
type Known = Map<object, string>;

function textOf(value: unknown, known: Known): string {
  if (value === null || typeof value === "boolean" || typeof value === "string")
    return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`JSON cannot carry ${value}`);
    return String(Object.is(value, -0) ? 0 : value);
  }
  if (typeof value !== "object") throw new TypeError(`JSON cannot carry a ${typeof value}`);
  if (Array.isArray(value)) return list(value, known);
  if (value instanceof Uint8Array) return `[${value.join(",")}]`;
  const text = known.get(value) ?? members(value as Readonly<Record<string, unknown>>, known);
  known.set(value, text);
  return text;
}

function list(values: readonly unknown[], known: Known): string {
  let text = "[";
  for (let at = 0; at < values.length; at++)
    text += at === 0 ? textOf(values[at], known) : `,${textOf(values[at], known)}`;
  return `${text}]`;
}

function members(value: Readonly<Record<string, unknown>>, known: Known): string {
  let text = "";
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined)
      text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${textOf(member, known)}`;
  }
  return `{${text}}`;
}
