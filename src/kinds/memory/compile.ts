import type { Layer, WordHolding } from "../../compile/word-holding.ts";
import type { HostFacts } from "../../kernel/host-facts.ts";
import type { MemoryKind } from "./model.ts";

/**
 * Whether the kernel is to hold a sealed domain as well, beneath its filter: once and for all, so
 * never a supervised one.
 */
export function isCodeFixed(held: ReadonlySet<MemoryKind>, { features }: HostFacts): boolean {
  return features.mdwe.state === "yes" && !held.has("jit");
}

/** Filters hold the kind by registers, so that no host lacks anything of it. */
export const memory: WordHolding<MemoryKind> = {
  sealed: {
    layers: (held) => [sealedLayer(held)],
  },
  supervised: {
    layers: (held, level) => [
      level === "enforcing"
        ? supervisedLayer(held)
        : partial(
            held.has("jit") ? FIXED_JIT : "code goes on and is logged: made in memory, or files",
          ),
    ],
  },
};

const FIXED_JIT =
  "code may be made in memory (`jit`). Fixed until a restart: such calls are never judged";

function sealedLayer(held: ReadonlySet<string>): Layer {
  if (held.has("jit")) return partial("code may be made in memory (`jit`)");
  const files = held.has("memfd") ? "readable files and files in memory" : "readable files";
  return enforced(`memory that was written is not executed; ${files} may be mapped as code`);
}

function supervisedLayer(held: ReadonlySet<string>): Layer {
  const made = held.has("jit") ? FIXED_JIT : "memory that was written is not executed";
  const beside = held.has("dlopen")
    ? "beside threads, too, which may exchange them (`dlopen`)"
    : "by processes with one thread";
  const detail = `${made}; files are mapped as code by \`m\`, ${beside}`;
  return held.has("jit") || held.has("dlopen") ? partial(detail) : enforced(detail);
}

function partial(detail: string): Layer {
  return { name: "memory", state: "partial", detail };
}

function enforced(detail: string): Layer {
  return { name: "memory", state: "enforced", detail };
}
