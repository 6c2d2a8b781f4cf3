import { escapePath } from "./path-tree.ts";

/**
 * Labels of objects by name, with the patterns of the paths that have them: from `fileLabels/`,
 * `/usr/lib/cim/* pluginObj`.
 */
export type Labels = ReadonlyMap<string, readonly string[]>;

/**
 * A last name `*` stands for names in that directory; every other character is itself, whatever it
 * means in a pattern here. Lines that are none are left to the original: they label nothing.
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
