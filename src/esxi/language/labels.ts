/** Labels of objects by name, with the paths and patterns that have them: from `fileLabels/`, `/usr/lib/cim/* pluginObj`. */
export type Labels = ReadonlyMap<string, readonly string[]>;

/** A trailing `*` stands for names in that directory. Lines that are none are left to the original: they label nothing. */
export function parseLabels(texts: readonly string[]): Labels {
  const labels = new Map<string, string[]>();
  for (const line of texts.flatMap((text) => text.split("\n"))) {
    const [path, label] = line
      .replace(/(?:^|\s)#.*$/, "")
      .trim()
      .split(/\s+/);
    if (path?.startsWith("/") && label !== undefined) labels.set(label, [...(labels.get(label) ?? []), path]);
  }
  return labels;
}
