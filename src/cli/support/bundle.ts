import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { gzipSync } from "node:zlib";
import { toJson } from "../json.ts";
import { VERSION } from "../version.ts";
import type { Collected, MissingFile } from "./collected.ts";
import { tarOf } from "./tar.ts";

/** The first file of a bundle, which describes it. */
export interface Manifest {
  /** The folder in the archive, which is its name without `.tgz`. */
  readonly bundle: string;
  readonly made: string;
  readonly host: string;
  readonly cofferdam: string;
  readonly uid: number;
  readonly files: readonly ManifestFile[];
  readonly missing: readonly MissingFile[];
}

export interface ManifestFile {
  readonly name: string;
  readonly source: string;
  readonly bytes: number;
  readonly sha256: string;
  readonly redacted: number;
  readonly note: string | null;
}

export interface Bundle {
  readonly manifest: Manifest;
  readonly archive: Buffer;
}

/** The name of the folder in a bundle, and of its file without `.tgz`. */
export function bundleName(now: Date): string {
  // A host's name may contain anything, because root sets it.
  const word = hostname()
    .replaceAll(/[^\w.-]/g, "-")
    .slice(0, 64);
  return `cofferdam-support-${word}-${now.toISOString().replaceAll(/[-:]|\.\d+/g, "")}`;
}

export function bundleOf({ files, missing }: Collected, now: Date): Bundle {
  const manifest: Manifest = {
    bundle: bundleName(now),
    ...{
      made: now.toISOString(),
      host: hostname(),
      cofferdam: VERSION,
      uid: process.geteuid?.() ?? -1,
    },
    files: files.map(({ name, source, text, redacted, note }) => ({
      ...{ name, source },
      bytes: Buffer.byteLength(text),
      sha256: createHash("sha256").update(text).digest("hex"),
      ...{ redacted, note },
    })),
    missing,
  };
  const all = [{ name: "manifest.json", text: toJson(manifest) }, ...files];
  const entries = all.map(({ name, text }) => ({ name, bytes: Buffer.from(text) }));
  const archive = gzipSync(tarOf(manifest.bundle, entries, Math.floor(now.getTime() / 1_000)));
  return { manifest, archive };
}
