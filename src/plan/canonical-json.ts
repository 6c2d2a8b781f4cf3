/**
 * JSON with sorted keys and no spaces, so that equal values give equal bytes. Accepts what JSON can carry
 * (bigint, functions, undefined in arrays and non-finite numbers are errors, not silently dropped); undefined members are left out.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new TypeError(`JSON cannot carry ${value}`);
    return String(Object.is(value, -0) ? 0 : value);
  }
  if (Array.isArray(value)) return list(value);
  if (value instanceof Uint8Array) return `[${value.join(",")}]`;
  if (typeof value !== "object") throw new TypeError(`JSON cannot carry a ${typeof value}`);
  return members(value as Readonly<Record<string, unknown>>);
}

function list(values: readonly unknown[]): string {
  let text = "[";
  for (let at = 0; at < values.length; at++)
    text += at === 0 ? canonicalJson(values[at]) : `,${canonicalJson(values[at])}`;
  return `${text}]`;
}

function members(value: Readonly<Record<string, unknown>>): string {
  let text = "";
  for (const key of Object.keys(value).sort()) {
    const member = value[key];
    if (member !== undefined) text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}
