import { HostError } from "../../host/host-error.ts";
import type { Context } from "../command.ts";
import type { Collected, CollectedFile, MissingFile } from "./collected.ts";
import type { Part, Taken } from "./part.ts";
import { parts } from "./parts.ts";
import { policyParts } from "./policies-part.ts";
import {
  countRedactions,
  redactJson,
  redactLines,
  redactText,
  rememberingRedaction,
} from "./redact/redact.ts";

/** All texts of a bundle together. */
const BUNDLE_BYTES_MAX = 48 * 1024 * 1024;

/**
 * Everything that the caller may read, without secrets. A part that cannot be read is named with
 * the reason, and stops nothing.
 */
export async function collect(context: Context): Promise<Collected> {
  const files: CollectedFile[] = [];
  const missing: MissingFile[] = [];
  let bytes = 0;
  for (const part of [...parts, ...policyParts(context)]) {
    const { name, source } = part;
    const taken = await take(part, context);
    if (typeof taken === "string") {
      missing.push({ name, source, why: taken });
      continue;
    }
    bytes += Buffer.byteLength(taken.text);
    if (bytes > BUNDLE_BYTES_MAX)
      missing.push({ name, source, why: `a bundle has at most ${BUNDLE_BYTES_MAX} bytes` });
    else files.push({ name, source, ...taken, redacted: countRedactions(taken.text) });
  }
  return { files, missing };
}

/** A text says why the part is missing. */
async function take(part: Part, context: Context): Promise<Taken | string> {
  try {
    const taken = await part.take(context);
    const { text, note } = typeof taken === "string" ? { text: taken, note: null } : taken;
    return { text: redacted(text, part.form), note };
  } catch (error) {
    if (error instanceof HostError) return `${error.message}; ${error.help}`;
    if (error instanceof Error && "code" in error) return error.message;
    throw error;
  }
}

function redacted(text: string, form: Part["form"]): string {
  if (form === "text") return redactText(text);
  return form === "lines" ? redactLines(text) : redactRecords(text);
}

/** A line that is no JSON, such as a torn one, is redacted as text. */
function redactRecords(text: string): string {
  const redact = rememberingRedaction();
  const redactRecord = (line: string): string => {
    try {
      return line === "" ? line : JSON.stringify(redactJson(JSON.parse(line), redact));
    } catch (error) {
      if (error instanceof SyntaxError) return redactLines(line);
      throw error;
    }
  };
  return text.split("\n").map(redactRecord).join("\n");
}
