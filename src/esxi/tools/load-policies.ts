import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { renderDiagnostics } from "../../diagnostics/render.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { HostError } from "../../host/host-error.ts";
import { vocabulary } from "../../host/load.ts";
import { modesFor, writeWhole } from "../../host/write-whole.ts";
import type { DialectContext } from "../dialect-command.ts";
import { loadDirectory, type TranslatedDomain } from "../language/load-directory.ts";

export interface LoadRequest {
  readonly folder: string | undefined;
  readonly into: string | undefined;
  readonly replace: boolean;
}

const FOLDER = "/etc/vmware/secpolicy";

/**
 * Translates a directory and writes all its policies, or none. An existing policy that differs
 * stays, unless it may be replaced.
 */
export function loadPolicies(
  context: DialectContext,
  { folder = FOLDER, into, replace }: LoadRequest,
): ExitCode {
  const { places, out, err, width, color } = context;
  const { domains, diagnostics, sources } = loadDirectory(resolve(folder), vocabulary());
  err(renderDiagnostics(diagnostics, { color, width, sources }));
  if (domains.length === 0)
    throw new HostError(
      `no policy was loaded from ${folder}`,
      "see what is wrong above; nothing was changed",
      ExitCode.no,
    );
  const target = resolve(into ?? places.policies[0] ?? ".");
  const standing = domains.map((domain) => ({ domain, path: join(target, `${domain.name}.yaml`) }));
  const kept = standing.filter(
    ({ domain, path }) => stands(path) !== null && stands(path) !== domain.text,
  );
  if (kept.length > 0 && !replace) {
    const names = kept.map(({ path }) => path).join(", ");
    throw new HostError(
      `${names} would be overwritten; nothing was changed`,
      "give --replace, or another folder with --into",
      ExitCode.no,
    );
  }
  const changed = standing.filter(({ domain, path }) => stands(path) !== domain.text);
  for (const { domain, path } of changed)
    writeWhole(path, Buffer.from(domain.text), modesFor(process.geteuid?.() ?? 0));
  out(report(domains, changed.length, target));
  return ExitCode.ok;
}

function stands(path: string): string | null {
  return existsSync(path) ? readFileSync(path, "utf8") : null;
}

function report(domains: readonly TranslatedDomain[], changed: number, target: string): string {
  const names = domains.map(({ name }) => name).join(" ");
  return (
    `${domains.length} policies in ${target}, ${changed} of them new or changed: ` +
    `${names}\nin force after: cofferdam domain reload\n`
  );
}
