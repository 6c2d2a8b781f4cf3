/**
 * Whether a name is canonical: an absolute path without `//`, `.`, `..`, NUL or trailing `/`, or an
 * abstract socket name `@...`. Patterns match canonical names only, so any other name has no grant.
 */
export function isCanonicalName(name: string): boolean {
  if (name.startsWith("@")) return true;
  if (name === "/") return true;
  if (!name.startsWith("/") || name.includes("\0")) return false;
  return name
    .slice(1)
    .split("/")
    .every((component) => component !== "" && component !== "." && component !== "..");
}
