import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { lsmRequests } from "../../src/events/collector/lsm-requests.ts";
import { readRequest } from "../../src/events/logged-request.ts";
import { renderEvent } from "../../src/events/render.ts";
import { vocabulary } from "../../src/host/load.ts";
import type { LsmEvent } from "../../src/kernel/bpf/lsm/event-reader.ts";
import {
  endpointUses,
  processActs,
  requestKinds,
  services,
} from "../../src/kernel/bpf/lsm/layout.ts";
import { capabilityNames } from "../../src/kinds/capabilities/model.ts";
import { decide } from "../../src/model/decide.ts";
import { Permission } from "../../src/model/permission.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { anEvent } from "../events/an-event.ts";
import { policy as aPolicy } from "../model/helpers/policy.ts";
import { scratchFolder } from "../support/scratch.ts";

const nameOf = (number: number) => (number === 0 ? "superDom" : `domain${number}`);

function event(kind: LsmEvent["kind"], given: Partial<LsmEvent> = {}): LsmEvent {
  const some = { time: 1n, domain: 7, process: 1, thread: 1, uid: 0, comm: "c", count: 1 } as const;
  const rest = { level: "enforcing", denied: true, nameState: "found" } as const;
  const bytes = new Uint8Array(24);
  return { ...some, ...rest, kind, permissions: 0, own: 0, name: "/f", bytes, ...given };
}

function words(...numbers: readonly number[]): Uint8Array {
  return new Uint8Array(Uint32Array.from(numbers).buffer);
}

const scratch = scratchFolder("lsm-requests");
afterAll(() => rmSync(scratch, { recursive: true }));

function parsed(text: string) {
  const file = join(scratch, "domain7.yaml");
  writeFileSync(file, text);
  const { policy, diagnostics } = loadPolicy(file, { vocabulary: vocabulary(), abstractions: [] });
  if (policy === null) throw new Error(JSON.stringify(diagnostics));
  return policy;
}

const policy = aPolicy({ name: "domain7" });
const asked = (one: LsmEvent) => lsmRequests(one, policy, nameOf);

/** What `allow` says, taken into the policy, grants the request. */
function isGrantedBy(found: ReturnType<typeof asked>[number]): boolean {
  const request = readRequest(found.request);
  if (request.state !== "good" || found.allow === null) return false;
  const { section, line } = found.allow;
  const wider = parsed(`summary: one line\n${section}:\n  - ${JSON.stringify(line)}\n`);
  return decide(wider, request.value).outcome === "granted";
}

test("a new name for an object of Cofferdam's is told as that", () => {
  const gains = { permissions: Permission.read, name: "/else" };
  expect(asked(event("gain", { ...gains, own: Permission.read }))).toEqual([
    expect.objectContaining({ object: "to /else", reason: "own-object" }),
  ]);
  expect(asked(event("gain", gains))).toEqual([expect.objectContaining({ reason: "gain" })]);
});

test("a name that lacks permissions is one request for each, with the line that grants it", () => {
  const permissions = Permission.read | Permission.write;
  const found = asked(event("name", { permissions, name: "/srv/f" }));
  expect(found.map(({ operation, object }) => `${operation} ${object}`)).toEqual([
    "read /srv/f",
    "write /srv/f",
  ]);
  for (const one of found) expect(isGrantedBy(one), one.operation).toBe(true);
});

test("what is Cofferdam's own, and what has no name, has no line", () => {
  const own = event("name", { permissions: Permission.read, own: Permission.read });
  expect(asked(own)).toMatchObject([{ reason: "own-object", allow: null }]);
  const elsewhere = event("name", { permissions: Permission.read, nameState: "elsewhere" });
  expect(asked(elsewhere)).toMatchObject([{ reason: "never", allow: null, request: null }]);
});

test("words, addresses and sockets are the model's requests, with the line for each", () => {
  const ipv4 = (use: number) => {
    const bytes = new Uint8Array(20);
    bytes.set([use, 4, 53, 0, 127, 0, 0, 1]);
    return event("address", { bytes });
  };
  const events = [
    event("memory"),
    ...capabilityNames.map((_, at) => event("capability", { bytes: words(at) })),
    ...services.slice(0, 4).map((_, at) => event("service", { bytes: words(at) })),
    event("signal", { bytes: words(9, 15) }),
    event("socket", { bytes: words(16, 3, 0) }),
    ...[0, 1, 2, 3].map(ipv4),
  ];
  const found = events.flatMap(asked);
  for (const one of found) expect(isGrantedBy(one), JSON.stringify(one)).toBe(true);
  expect(found).toContainEqual(
    expect.objectContaining({ class: "address", operation: "listen", object: "udp 127.0.0.1:53" }),
  );
  expect(found).toContainEqual(
    expect.objectContaining({ class: "signal", allow: { section: "signals", line: "domain9" } }),
  );
});

test("what the policy grants by now is not told as lacking a rule", () => {
  const address = new Uint8Array(20);
  address.set([0, 4, 53, 0, 127, 0, 0, 1]);
  const refused = [
    event("name", { permissions: Permission.read | Permission.write, name: "/srv/f" }),
    event("address", { bytes: address }),
    event("capability", { bytes: words(capabilityNames.indexOf("chown")) }),
  ];
  const since = parsed(
    "summary: more\nfiles: [r /srv/f]\nnetwork: [connect tcp 127.0.0.1:53]\n" +
      "capabilities: [chown]\n",
  );
  const [read, write, ...others] = refused.flatMap((one) => lsmRequests(one, since, nameOf));
  for (const now of [read, ...others]) {
    expect(now).toMatchObject({ rule: null, reason: "granted-now", allow: null });
    const told = renderEvent({ ...anEvent({ source: "kernel" }), ...now }, { width: 200 });
    expect(told).toMatch(/denied: the policy grants it by now\n +cofferdam domain reload domain7 /);
  }
  expect(write).toMatchObject({ reason: "no-rule", allow: { line: "w /srv/f" } });
  // Without a policy nothing is said about what it grants.
  for (const one of refused)
    for (const { reason } of lsmRequests(one, null, nameOf)) expect(reason).toBeNull();
});

test("a call that no policy lists is told as the other engine tells it", () => {
  const keys = event("service", { bytes: words(services.indexOf("keys")) });
  expect(asked(keys)).toMatchObject([{ class: "syscall", operation: "call", object: "add_key" }]);
});

test("whatever the kernel tells has words, also without a policy", () => {
  const events = [
    ...requestKinds.map((kind) => event(kind, { permissions: Permission.read })),
    ...services.map((_, at) => event("service", { bytes: words(at) })),
    ...processActs.map((_, at) => event("process", { bytes: words(0, at) })),
    ...endpointUses.map((_, at) => {
      const bytes = new Uint8Array(20);
      bytes.set([at, 16]);
      return event("address", { bytes });
    }),
  ];
  for (const one of events)
    for (const found of [...asked(one), ...lsmRequests(one, null, nameOf)]) {
      const { operation, object } = found;
      expect(operation === "" || object === "", one.kind).toBe(false);
      if (found.request !== null) expect(readRequest(found.request).state).toBe("good");
    }
});
