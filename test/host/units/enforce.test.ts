import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { root } from "../../house/tree.ts";
import { at, withBootedUnits } from "./booted-units.ts";

withBootedUnits();

const WATCH = ["--least", "1s", "--anyway", "--watch"];

/** Ends once it may not read a file that its policy lacks; `more`: lines for its files. */
function fragile(more = ""): string {
  return `enter: [{ unit: fragile.service }]
level: warning
include: [base]
files:
  - rx /usr/bin/*
${more}inherit: [stdio, stdio-sockets]
syscalls: ["@system-service"]
`;
}

const NEED = "/run/fragile-need";
const SCRIPT = `while sleep 0.2; do cat ${NEED} >/dev/null || exit 3; done`;

function begin(service = ""): void {
  at.write(NEED, "needed");
  at.domain("fragile", fragile());
  at.service("fragile.service", `ExecStart=/usr/bin/sh -c '${SCRIPT}'\n${service}`);
  at.done("domain", "level", "fragile", "warning");
  at.done("unit", "enable", "--now", "fragile");
  at.becomes(at.host.show("fragile", "MainPID"), "fragile");
}

const level = (): string => JSON.parse(at.done("domain", "show", "fragile", "--json")).level;

test("a service that fails at enforcing is back at warning, and runs", () => {
  begin();
  const { status, out } = at.host.cofferdam("enforce", "fragile", ...WATCH, "5m");
  expect(status).toBe(1);
  const text = out.replaceAll(/\s+/g, " ");
  expect(text).toContain("its main process exited with status 3");
  expect(text).toContain("fragile.service was restarted at level warning");
  expect(level()).toBe("warning");
  expect(at.host.show("fragile", "ActiveState")).toBe("active");
});

test("so is one that systemd restarts by itself", () => {
  begin("Restart=always\nRestartSec=100ms\n");
  const { status, out } = at.host.cofferdam("enforce", "fragile", ...WATCH, "5m");
  expect(status).toBe(1);
  // The second if a look falls between its end and its start.
  expect(out.replaceAll(/\s+/g, " ")).toMatch(
    /fragile\.service (?:was restarted by systemd|has ended \(exit-code\))/,
  );
  expect(level()).toBe("warning");
  at.host.sh("until systemctl is-active --quiet fragile; do sleep 0.1; done");
});

test("with its line it passes a restart, and is sealed from then on", () => {
  begin();
  const before = JSON.parse(at.host.cofferdam("ready", "fragile", "--json").out);
  expect(before.denied.map(({ access }: { access: string }) => access)).toContain(`read ${NEED}`);
  at.domain("fragile", fragile(`  - r ${NEED}\n`));
  const found = JSON.parse(at.host.cofferdam("ready", "fragile", "--least", "1s", "--json").out);
  expect(found.denied).toEqual([]);
  const pid = at.host.show("fragile", "MainPID");
  const { status, out, err } = at.host.cofferdam("enforce", "fragile", ...WATCH, "3s", "--restart");
  expect(status, out + err).toBe(0);
  expect(at.host.show("fragile", "MainPID")).not.toBe(pid);
  const { level: now, until, running } = JSON.parse(at.done("domain", "show", "fragile", "--json"));
  expect([now, until, running.map(({ mode }: { mode: string }) => mode)]).toEqual([
    "enforcing",
    null,
    ["sealed"],
  ]);
});

test("a start without an end is given up, and the service starts at warning", async () => {
  const waits = `ExecStartPre=/usr/bin/sh -c 'until cat ${NEED}; do sleep 0.2; done'`;
  begin(`${waits}\nTimeoutStartSec=infinity\n`);
  const [program = "", ...words] = at.host.command([
    ...[join(root, "bin/cofferdam"), "enforce", "fragile", ...WATCH, "5m", "--restart"],
  ]);
  const enforcing = spawn(program, words, { stdio: ["ignore", "pipe", "inherit"] });
  const [said, ended] = [text(enforcing.stdout), once(enforcing, "close")];
  const until = (what: string) =>
    at.host.sh('timeout 60 sh -c "until $1; do sleep 0.1; done"', what);
  until("systemctl show -P ActiveState fragile | grep -qx activating");
  // As after START_WAIT_MAX_MS.
  at.host.sh("kill $(pgrep -x -f 'systemctl restart -- fragile.service')");
  const told = (await said).replaceAll(/\s+/g, " ");
  expect(told).toContain("fragile.service did not start at level enforcing");
  expect(told).toContain("fragile.service was restarted at level warning");
  expect(await ended).toEqual([1, null]);
  expect(level()).toBe("warning");
  expect(at.host.show("fragile", "ActiveState")).toBe("active");
});

test("reloads by systemctl are counted", () => {
  at.host.sh(
    'mkdir -p "$(dirname "$1")"; printf "$2" >"$1"',
    "/etc/systemd/system/fragile.service.d/reload.conf",
    "[Service]\\nExecReload=/usr/bin/true\\n",
  );
  begin();
  at.host.sh("systemctl daemon-reload; systemctl reload fragile");
  const { reasons } = JSON.parse(at.host.cofferdam("ready", "fragile", "--json").out);
  expect(reasons).toContainEqual(
    expect.objectContaining({
      name: "reloads",
      says: "ready",
      text: expect.stringContaining(": 1"),
    }),
  );
});
