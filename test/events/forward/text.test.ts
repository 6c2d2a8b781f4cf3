import { expect, test } from "vitest";
import {
  allLevelsChanged,
  levelChanged,
  supershellUsed,
} from "../../../src/events/audit-catalogue.ts";
import type { Event } from "../../../src/events/event.ts";
import { vmkernelLine } from "../../../src/events/forward/vmkernel.ts";
import { vobdLines } from "../../../src/events/forward/vobd.ts";
import { renderEvent } from "../../../src/events/render.ts";
import { anEvent } from "../an-event.ts";

const item = (event: Event) => ({ event, seq: 1, hash: null });
const by = { uid: 0, name: "root" };
const at = { time: "2026-01-02T03:04:05.678Z", monotonic: "1234567890", id: "1-2-3" };

test("vmkernel.log: process, domain, access, outcome and reason", () => {
  const event = anEvent({ number: 49 });
  expect(vmkernelLine(item(event))).toBe(
    "2026-01-02T03:04:05.678Z Wa(180) cofferdam: 123)VmkAccess: nginx: running in " +
      "nginxDom(49): file = /etc/shadow (read): denied: no grant names it\n",
  );
  const warned = anEvent({
    number: null,
    domain: "vmDom",
    verdict: "warning",
    class: "address",
    operation: "connect",
    object: "tcp 10.0.0.1:80",
    count: 7,
  });
  expect(vmkernelLine(item(warned))).toMatch(
    /: running in vmDom\(-\): socket = tcp 10\.0\.0\.1:80 \(connect\): warning: no grant names it \(7 times\)\n$/,
  );
});

test("a name with a newline is still one line, in both files", () => {
  const evil = "/tmp/x\n2026-01-02T03:04:05.678Z Wa(180) cofferdam: 1)VmkAccess: sshd: forged";
  const process = { pid: 1, uid: 0, comm: "a\nb", executable: null };
  expect(vmkernelLine(item(anEvent({ object: evil, process }))).split("\n")).toHaveLength(2);
  const changed = supershellUsed({
    domain: "shell",
    number: 3,
    level: "enforcing",
    command: "a\nb",
    use: { phase: "started", terminal: null, origin: null, reason: null },
    by: { uid: 1, name: "x\ny" },
  });
  expect(vobdLines(item(changed)).split("\n")).toHaveLength(3);
});

test("vobd.log: the original's ids and arguments, our name, and the author", () => {
  const changed = {
    ...levelChanged({ domain: "nginx", number: 49, from: "enforcing", to: "warning", by }),
    ...at,
  };
  expect(vobdLines(item(changed))).toBe(
    "2026-01-02T03:04:05.678Z: [UserLevelCorrelator] 1234567us: " +
      "[vob.uw.secpolicy.domain.level.changed] warning (1) in force for nginxDom(49)\n" +
      "2026-01-02T03:04:05.678Z: [UserLevelCorrelator] 1234567us: " +
      "[esx.audit.uw.secpolicy.domain.level.changed] domain nginxDom(49); level warning; " +
      "cofferdam.domain.level.changed: nginx: level changed from enforcing to warning, by " +
      "root (user 0); id 1-2-3\n",
  );
  const all = allLevelsChanged({ to: "disabled", by, until: "2026-01-02T05:00:00.000Z" });
  expect(vobdLines(item(all))).toContain(
    "[esx.audit.uw.secpolicy.alldomains.level.changed] level disabled; ",
  );
  const shell = supershellUsed({
    domain: "shell",
    number: 3,
    level: "enforcing",
    command: null,
    use: { phase: "started", terminal: null, origin: null, reason: null },
    by: { uid: 7, name: null },
  });
  expect(vobdLines(item(shell))).toMatch(
    /\[esx\.audit\.supershell\.access\] cofferdam\.supershell\.access: .*started: a session \(without a terminal\), by user 7/,
  );
});

test("vobd.log is for auditors: denials are not in it", () => {
  expect(vobdLines(item(anEvent()))).toBe("");
});

test("an audit event states the change and its author", () => {
  const event = levelChanged({ domain: "nginx", number: 49, from: "enforcing", to: "warning", by });
  expect(event).toMatchObject({
    verdict: "audit",
    class: "audit",
    level: "warning",
    number: 49,
    by,
  });
  expect(renderEvent(event)).toBe(
    "audit: nginx: level changed from enforcing to warning, by root (user 0)",
  );
});
