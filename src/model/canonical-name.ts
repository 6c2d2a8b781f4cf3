/**
 * Whether a name can be the canonical name of something: an absolute path without `//`, `.`, `..`,
 * NUL or trailing `/`, or an abstract socket name `@...`. Whatever is not gets no grant, since a
 * pattern speaks about canonical names only.
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
