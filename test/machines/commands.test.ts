import { spawnSync } from "node:child_process";
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { Places } from "../../src/host/places.ts";
import type { Machine } from "../../src/machines/machine.ts";
import { nothing } from "../../src/machines/place.ts";
import { Commands } from "../../src/machines/proxy/commands.ts";
import { movingStates } from "../../src/machines/proxy/loans.ts";
import { skipUnless } from "../support/skip.ts";

/** What is used here of an entry of QEMU's own description of QMP. */
interface Entry {
  readonly name: string;
  readonly "meta-type": string;
  readonly "json-type"?: string;
  readonly "arg-type"?: string;
  readonly "element-type"?: string;
  readonly members?: readonly { readonly name: string; readonly type: string }[];
  readonly variants?: readonly { readonly type: string }[];
  readonly values?: readonly string[];
}

let schema: ReadonlyMap<string, Entry> = new Map();
beforeAll(() => {
  const said = ["qmp_capabilities", "query-qmp-schema", "quit"].map(
    (execute) => `${JSON.stringify({ execute })}\n`,
  );
  const args = ["-nodefaults", "-display", "none", "-machine", "none", "-qmp", "stdio"];
  const { stdout } = spawnSync("qemu-system-x86_64", args, {
    input: said.join(""),
    encoding: "utf8",
  });
  const answers = (stdout ?? "").split("\n").filter((line) => line.includes('"meta-type"'));
  const [entries = []] = answers.map(
    (line) => (JSON.parse(line) as { return: readonly Entry[] }).return,
  );
  schema = new Map(entries.map((entry) => [entry.name, entry]));
});
beforeEach((context) =>
  skipUnless(context, schema.size > 0, "there is no QEMU, which set-up installs as root"),
);

const handled = new Set(
  new Commands(
    {} as Places,
    { name: "one", folder: "/", placed: nothing } as unknown as Machine,
    () => Promise.resolve({}),
  ).named,
);

/**
 * Texts in their arguments are names of what the machine has, or of what it is to be told: they
 * make QEMU open, make or connect to nothing of the host.
 */
const inside = `
  announce-self balloon device_del set_link system_wakeup
  block-export-del
  block-dirty-bitmap-add block-dirty-bitmap-clear block-dirty-bitmap-disable
  block-dirty-bitmap-enable block-dirty-bitmap-merge block-dirty-bitmap-remove
  x-debug-block-dirty-bitmap-sha256
  block-job-cancel block-job-change block-job-dismiss block-job-finalize block-job-pause
  block-job-resume block-job-set-speed
  job-cancel job-dismiss job-finalize job-pause job-resume
  block-latency-histogram-set block-set-write-threshold block_resize block_set_io_throttle
  blockdev-backup blockdev-mirror blockdev-close-tray blockdev-open-tray blockdev-insert-medium
  blockdev-set-active
  blockdev-snapshot-delete-internal-sync blockdev-snapshot-internal-sync snapshot-delete
  snapshot-load snapshot-save
  x-blockdev-amend x-blockdev-change x-blockdev-set-iothread
  change-vnc-password expire_password set_password client_migrate_info
  chardev-send-break ringbuf-read ringbuf-write
  closefd input-send-event migrate-set-parameters nbd-server-add nbd-server-remove
  cxl-add-dynamic-capacity cxl-inject-correctable-error cxl-inject-dram-event
  cxl-inject-general-media-event cxl-inject-memory-module-event cxl-inject-poison
  cxl-inject-uncorrectable-errors cxl-release-dynamic-capacity
  device-list-properties device-sync-config qom-get qom-list qom-list-properties qom-list-types
  query-command-line-options query-cpu-model-expansion query-rocker query-rocker-of-dpa-flows
  query-rocker-of-dpa-groups query-rocker-ports query-rx-filter query-sev-attestation-report
  query-stats
  x-query-virtio-queue-element x-query-virtio-queue-status x-query-virtio-status
  x-query-virtio-vhost-queue-status
  set-numa-node sev-inject-launch-secret trace-event-get-state trace-event-set-state yank
`;

/** What may name a file, and is passed on as it is: the domain decides. */
const judged: Readonly<Record<string, string>> = {
  "human-monitor-command": "the readable monitor, by which nothing is granted",
  "qom-set": "a property of what is there, which takes its files when it is made",
  "block-stream":
    "names of parents that the machine has; what is written into a header is compared at the " +
    "next start",
  "change-backing-file": "writes a name into a header, which is compared at the next start",
};

/** Whether a text can stand anywhere in a value of this type. */
function takesText(name: string, seen = new Set<string>()): boolean {
  const entry = schema.get(name);
  if (entry === undefined || seen.has(name)) return false;
  seen.add(name);
  if (entry["meta-type"] === "builtin")
    return ["string", "value"].includes(entry["json-type"] ?? "");
  const inner = [...(entry.members ?? []), ...(entry.variants ?? [])].map(({ type }) => type);
  return [...inner, entry["element-type"] ?? ""].some((type) => takesText(type, seen));
}

test("each QEMU command with a string is granted, refused, or known as harmless", () => {
  const commands = [...schema.values()].filter((entry) => entry["meta-type"] === "command");
  const taking = commands
    .filter((entry) => takesText(entry["arg-type"] ?? ""))
    .map(({ name }) => name);
  expect(taking.length).toBeGreaterThan(100);
  const known = new Set([...inside.trim().split(/\s+/), ...Object.keys(judged)]);
  expect(taking.filter((name) => !handled.has(name) && !known.has(name))).toEqual([]);
  expect([...known].filter((name) => handled.has(name))).toEqual([]);
});

test("every handled command exists in this QEMU, so that no typing error hides one", () => {
  expect([...handled].filter((name) => schema.get(name)?.["meta-type"] !== "command")).toEqual([]);
});

test("every state of a migration is known as running or ended", () => {
  const states =
    [...schema.values()].find(({ values }) => values?.includes("postcopy-paused"))?.values ?? [];
  const ends = ["none", "completed", "failed", "cancelled"];
  expect([...states].sort()).toEqual([...movingStates, ...ends].sort());
});
