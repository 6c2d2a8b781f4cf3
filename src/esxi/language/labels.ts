import { escapePath } from "./path-tree.ts";

/**
 * Labels by name, with the path patterns of the objects that have them. They come from files in
 * `fileLabels/`, with lines like `/usr/lib/cim/* pluginObj`.
 */
export type Labels = ReadonlyMap<string, readonly string[]>;

/**
 * A last component `*` matches all names in its directory. Every other character stands for itself,
 * even if it has a meaning in our patterns. Malformed lines label nothing, as in ESXi.
 */
export function parseLabels(texts: readonly string[]): Labels {
  const labels = new Map<string, string[]>();
  for (const line of texts.flatMap((text) => text.split("\n"))) {
    const [path, label] = line
      .replace(/(?:^|\s)#.*$/, "")
      .trim()
      .split(/\s+/);
    if (path?.startsWith("/") && label !== undefined)
      labels.set(label, [...(labels.get(label) ?? []), patternOf(path)]);
  }
  return labels;
}

function patternOf(path: string): string {
  return path.endsWith("/*") ? `${escapePath(path.slice(0, -1))}*` : escapePath(path);
}
