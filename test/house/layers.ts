/**
 * The layers as ARCHITECTURE.md tells them: folder below src/ to the folders it may import; null
 * for "everything".
 */
export type Layers = ReadonlyMap<string, ReadonlySet<string> | null>;

const row = /^\| `src\/([a-z]+)\/` \|.*\| ([a-z, ]+) \|$/;

/** Reads the table with the column "may import". */
export function layersFrom(architecture: string): Layers {
  const layers = new Map<string, ReadonlySet<string> | null>();
  for (const line of architecture.split("\n")) {
    const match = row.exec(line);
    if (!match?.[1] || !match[2]) continue;
    const allowed = match[2].trim();
    const names = allowed === "nothing" ? [] : allowed.split(/,\s*/);
    layers.set(match[1], allowed === "everything" ? null : new Set(names));
  }
  return layers;
}

/**
 * The layer that a source file belongs to. The files about one kind of rule lie in one folder of
 * `src/kinds/`, and each belongs to the layer that it is named after.
 */
export function layerOf(file: string): string {
  const folder = file.split("/")[1] ?? "";
  return folder === "kinds" ? (/([^/]+)\.ts$/.exec(file)?.[1] ?? folder) : folder;
}

/** Why `file` may not import `target` (both relative to the clone), or null. */
export function layerViolation(layers: Layers, file: string, target: string): string | null {
  const from = layerOf(file);
  if (!target.startsWith("src/")) return `${file} imports ${target}, which is outside src/`;
  const to = layerOf(target);
  if (from === to || to === "base") return null;
  const allowed = layers.get(from);
  if (allowed === undefined)
    return `${file} is of the layer ${from}, which ARCHITECTURE.md does not name`;
  return allowed === null || allowed.has(to)
    ? null
    : `${file} imports ${target}; src/${from}/ may not import src/${to}/`;
}
