import { printable } from "../../base/printable.ts";
import { wrap } from "../../base/wrap.ts";
import type { Manifest } from "../support/bundle.ts";

/** What was written, and what to check before passing it on. */
export function renderBundle(
  file: string,
  bytes: number,
  { files, missing }: Manifest,
  width: number,
): string {
  const redacted = files.reduce((sum, one) => sum + one.redacted, 0);
  const lines = [
    printable(file),
    `  ${files.length} files, ${Math.ceil(bytes / 1_024)} KiB; only you may read it`,
    `  secrets redacted in ${redacted} places; read it before you send it`,
    ...missing.map(({ source, why }) =>
      wrap(`  without ${printable(source)}: ${printable(why)}`, width, "    "),
    ),
  ];
  return `${lines.join("\n")}\n`;
}
