import { errnoName } from "../errno-error.ts";

export class BpfError extends Error {
  /** What was tried, with its object: `load program connect4`. */
  readonly step: string;
  readonly errno: number;
  readonly code: string;
  /** The verifier's last line, if any; null otherwise. */
  readonly verifier: string | null;
  /** Empty if there is none. */
  readonly log: string;

  constructor(step: string, errno: number, log = "") {
    const verifier = summarizeVerifierLog(log);
    super(`${step}: ${errnoName(errno)}${verifier === null ? "" : `: ${verifier}`}`);
    this.name = "BpfError";
    this.step = step;
    this.errno = errno;
    this.code = errnoName(errno);
    this.verifier = verifier;
    this.log = log;
  }
}

/**
 * Lines that the verifier prints after its verdict (kernel/bpf/log.c, verifier.c:
 * print_verification_stats).
 */
const statistics = /^(processed \d+ insns|verification time|stack depth|func#|max_states)/;
/** State and instruction dumps, which precede the verdict. */
const trace = /^(\d+: |from \d+ to|;|frame\d+: |R\d+(_\w+)?=|last_idx|regs=|parent|mark_precise)/;

/** The last line that is neither statistics nor trace; null for an empty log. */
export function summarizeVerifierLog(log: string): string | null {
  const lines = log
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !statistics.test(line));
  const verdict = lines.findLast((line) => !trace.test(line)) ?? lines.at(-1);
  return verdict ?? null;
}
