import type { Diagnostic, Report } from "../../diagnostics/diagnostic.ts";
import { type ParseInput, parsePolicy } from "../1-parse/parse.ts";
import type { PolicySource } from "../1-parse/source.ts";

/** Abstractions that one process keeps parsed; at the limit the cache is emptied. */
const ABSTRACTIONS_KEPT_MAX = 256;

interface Parsed {
  readonly bytes: Uint8Array;
  readonly source: PolicySource | null;
  readonly diagnostics: readonly Diagnostic[];
}

const kept = new Map<string, Parsed>();

/**
 * Parses an abstraction once for many policies of one process: equal bytes have the same meaning.
 * The bytes are read and the file's owners are checked each time.
 */
export function parseOnce(input: ParseInput, report: Report): PolicySource | null {
  const key = `${input.kind} ${input.name} ${input.file}`;
  const known = kept.get(key);
  const parsed =
    known !== undefined && Buffer.compare(known.bytes, input.bytes) === 0 ? known : parse(input);
  if (parsed !== known) {
    if (kept.size >= ABSTRACTIONS_KEPT_MAX) kept.clear();
    kept.set(key, parsed);
  }
  for (const diagnostic of parsed.diagnostics) report(diagnostic);
  return parsed.source;
}

function parse(input: ParseInput): Parsed {
  const diagnostics: Diagnostic[] = [];
  const source = parsePolicy(input, (diagnostic) => void diagnostics.push(diagnostic));
  return { bytes: input.bytes, source, diagnostics };
}
