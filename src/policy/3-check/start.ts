import { diagnose } from "../../diagnostics/diagnose.ts";
import { startOf } from "../../diagnostics/diagnostic.ts";
import { decide } from "../../model/decide.ts";
import type { Request } from "../../model/request.ts";
import type { Check } from "./context.ts";
import { follow } from "./follow.ts";

/** The dynamic loader's name in programs of x86_64 (its ABI supplement). */
const LOADER = "/lib64/ld-linux-x86-64.so.2";
/** Some of the loader's calls (ld.so(8)), and those for its error message. */
const LOADER_CALLS = ["openat", "read", "close", "write"];

/**
 * Warns of missing grants without which nearly no daemon starts, or without which its output is
 * lost. Checked only on a host with a dynamic loader.
 */
export const checkStart: Check = (policy, { file, snapshot }, report) => {
  if (!snapshot || file === undefined) return;
  const loader = follow(LOADER, snapshot);
  if (loader.outcome !== "found") return;
  const place = startOf(file);
  const isDenied = (request: Request) => decide(policy, request).outcome === "denied";
  const operations = (["execute", "read"] as const).filter((operation) =>
    isDenied({ class: "name", operation, path: loader.path }),
  );
  if (operations.length > 0)
    report(
      diagnose("no-loader", place, { path: loader.path, operations: operations.join(" and ") }),
    );
  const calls = LOADER_CALLS.filter((name) => isDenied({ class: "syscall", name }));
  if (calls.length > 0) report(diagnose("no-start-calls", place, { calls: calls.join(", ") }));
  const kinds = ["stdio", "stdio-sockets"] as const;
  if (kinds.every((kind) => isDenied({ class: "inherit", kind })))
    report(diagnose("no-output", place, {}));
};
