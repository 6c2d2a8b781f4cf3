import { dirname, join } from "node:path";
import { PRIVATE_FILE } from "../base/modes.ts";
import { BpfError } from "../kernel/bpf/errors.ts";
import { UnusablePins } from "../kernel/bpf/lsm/load.ts";
import { HostError } from "./host-error.ts";
import type { Places } from "./places.ts";
import { modesFor, writeWhole } from "./write-whole.ts";

/**
 * Work on the bpf-lsm engine, whose errors become an administrator's. Where the kernel's verifier
 * has refused a program, the message has its verdict, and the name of a file with the whole log.
 * @throws HostError
 */
export function explained<T>(places: Pick<Places, "system">, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof UnusablePins)
      throw new HostError(
        `the bpf-lsm engine: ${error.message}`,
        "cofferdam agent --unpin removes them, and lets every process out of its domain",
      );
    if (!(error instanceof BpfError)) throw error;
    throw new HostError(
      `the bpf-lsm engine: ${error.message}${error.log === "" ? "" : keptLog(places, error)}`,
      "cofferdam doctor says what this kernel can do; the landlock engine needs none of it",
    );
  }
}

/** Of the newest refusal. For root only: the log has addresses of the kernel. */
function logFile({ system }: Pick<Places, "system">): string {
  return join(dirname(system.control), "verifier.log");
}

/**
 * Where the log is, to follow the verdict. Without room for it the verdict is said all the same.
 */
function keptLog(places: Pick<Places, "system">, { message, log }: BpfError): string {
  const file = logFile(places);
  try {
    writeWhole(file, Buffer.from(`${message}\n\n${log}`), { ...modesFor(0), file: PRIVATE_FILE });
    return ` (the verifier's whole log: ${file})`;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return ` (the verifier's whole log is not kept: ${error.message})`;
  }
}
