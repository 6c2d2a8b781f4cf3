import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { parseExecLine } from "../../../src/host/units/exec-line.ts";
import { clone } from "../shell-sandbox/etc-host.ts";
import { at } from "./booted-units.ts";
import { shell, showsClone } from "./shell-units.ts";

test("what cannot be combined is refused with the line to change, and nothing is written", () => {
  at.domain("bad", shell("bad", "bad.service", "user: daemon"));
  const sleeps = "ExecStart=/usr/bin/sleep 600\n";
  at.service("bad.service", `${sleeps}User=games\nPrivatePIDs=yes\n`);
  const before = at.settings();
  const { status, err } = at.host.cofferdam("unit", "enable", "bad");
  expect(status).toBe(1);
  expect(err).toContain("user: games");
  expect(err).toContain("PrivatePIDs=no");
  expect(at.settings()).toBe(before);
  // Such a daemon starts as root, and becomes the unit's user itself.
  at.domain("bad", shell("bad", "bad.service"));
  at.service("bad.service", `${sleeps.replace("=", "=!")}User=games\n`);
  expect(at.host.cofferdam("unit", "check", "bad").out).not.toContain("user: games");
  at.service("bad.service", `${sleeps.replace("=", "=!!")}User=games\n`);
  expect(at.host.cofferdam("unit", "check", "bad").out).toContain("user: games");
  at.domain("bad", shell("bad", "bad.service", "user: daemon"));
  at.service("bad.service", `${sleeps}PrivateUsers=yes\n`);
  expect(at.host.cofferdam("unit", "check", "bad").out).toContain("User=daemon");
  at.service("bad.service", `${sleeps}PrivateUsers=yes\nUser=daemon\nSupplementaryGroups=disk\n`);
  const groups = at.host.cofferdam("unit", "check", "bad").out.replaceAll(/\s+/g, " ");
  expect(groups).toContain("daemon has no group but its own and disk");
  at.service("bad.service", `${sleeps}RootDirectory=/srv/tree\n`);
  expect(at.host.cofferdam("unit", "check", "bad").out).toContain("BindReadOnlyPaths=/etc/passwd");
  const root = `${sleeps}RootImage=/srv/tree.raw\nMountAPIVFS=no\nRootDirectoryStartOnly=yes\n`;
  at.service("bad.service", root.replace("ExecStart=", "ExecStart=+"));
  const tree = at.host.cofferdam("unit", "check", "bad").out;
  for (const line of ["MountAPIVFS=yes", "RootDirectoryStartOnly=no", "without the prefix `+`"])
    expect(tree).toContain(line);
  const folder = dirname(clone);
  at.service("bad.service", `${sleeps}TemporaryFileSystem=${folder}\n`);
  const { err: hidden } = at.host.cofferdam("unit", "enable", "bad");
  expect(hidden.replaceAll(/\s+/g, " ")).toContain(
    `TemporaryFileSystem= hides Cofferdam's own program, ${join(clone, "bin/cofferdam")}`,
  );
  at.service("bad.service", sleeps);
  const lost = "its output is lost";
  expect(at.host.cofferdam("unit", "check", "bad").out).not.toContain(lost);
  at.domain("bad", shell("bad", "bad.service").replace(", stdio-sockets", ""));
  expect(at.host.cofferdam("unit", "check", "bad").out).toContain(lost);
  at.service("bad.service", `${sleeps}IPAddressDeny=any\n`);
  expect(at.host.cofferdam("unit", "check", "bad").out).toContain("IPAddressAllow=localhost");
  at.domain("bad", shell("bad", "bad.service", "ipc: [shm]"));
  at.service("bad.service", `${sleeps}RestrictNamespaces=yes\n`);
  expect(at.host.cofferdam("unit", "check", "bad").out).toContain("RestrictNamespaces=ipc");
  const unknown = at.host.cofferdam("unit", "check", "nothing-names-it");
  expect(unknown.status).toBe(3);
});

test("a unit that does not start in its domain is put back, and runs as before", () => {
  at.domain(
    "narrow",
    shell("narrow", "narrow.service").replace("rx /usr/bin/*", "rx /usr/bin/env"),
  );
  at.service(
    "narrow.service",
    "Type=exec\nRestart=on-failure\nExecStart=/usr/bin/env /usr/bin/sleep 600\n",
  );
  at.host.sh("systemctl start narrow");
  // Debian's own units that run here as well make it one of several.
  const outside = /narrow\.service runs unconfined|run unconfined, .*\bnarrow\.service\b/;
  expect(at.done("ps").replaceAll(/\s+/g, " ")).toMatch(outside);
  expect(at.host.cofferdam("status").out.replaceAll(/\s+/g, " ")).toMatch(outside);
  const before = at.settings();
  const { status, err } = at.host.cofferdam("unit", "enable", "--now", "narrow");
  expect(status).toBe(1);
  expect(err).toContain("it was restored");
  expect(at.settings()).toBe(before);
  expect(at.host.show("narrow", "ActiveState")).toBe("active");
  expect(at.host.domainOf(at.host.show("narrow", "MainPID"))).toBe("");
  at.host.sh("systemctl stop narrow");
});

test("a command that changed since is told of, and taken by enabling again", () => {
  at.domain("edited", shell("edited", "edited.service"));
  at.service("edited.service", "ExecStart=/usr/bin/sleep 600\n");
  at.done("unit", "enable", "edited");
  expect(at.done("unit", "status", "edited")).toContain(" enabled ");
  at.service("edited.service", "ExecStart=/usr/bin/sleep 700\n");
  const { status, out } = at.host.cofferdam("unit", "status", "edited");
  expect(status).toBe(1);
  expect(out).toContain("enable it again");
  at.done("unit", "enable", "edited");
  expect(at.done("unit", "status", "edited")).toContain(" enabled ");
  expect(at.host.sh("systemctl cat edited")).toContain("-- /usr/bin/sleep 700");
  const more = `ExecStart=/usr/bin/sleep 700\n${showsClone}`;
  // A view of mounts, a capability, and what cannot be combined: by \`systemctl edit\`.
  for (const line of ["PrivateTmp=yes", "CapabilityBoundingSet=CAP_CHOWN", "PrivatePIDs=yes"]) {
    at.service("edited.service", `${more}${line}\n`);
    expect(at.host.cofferdam("unit", "status", "edited").out, line).toContain("enable it again");
  }
  at.service("edited.service", `${more}PrivateTmp=yes\nCapabilityBoundingSet=CAP_CHOWN\n`);
  at.done("unit", "enable", "edited");
  expect(at.done("unit", "status", "edited")).toContain(" enabled ");
  at.done("unit", "disable", "edited");
});

test("a mount that comes later hides a name from the unit's processes: status tells", () => {
  const policy = shell("hidden", "hidden.service");
  at.host.sh("mkdir /run/hidden; touch /run/hidden/one /run/hidden/other");
  at.domain("hidden", policy.replace("rwcd /run/hidden/**", "r /run/hidden/one"));
  at.service("hidden.service", "ExecStart=/usr/bin/sleep 600\n");
  at.done("unit", "enable", "--now", "hidden");
  at.becomes(at.host.show("hidden", "MainPID"), "hidden");
  expect(at.done("unit", "status", "hidden")).not.toContain("out of reach");
  at.host.sh("cd /run/hidden; mount --bind other one");
  const { out } = at.host.cofferdam("unit", "status", "hidden");
  const stale = at.host.cofferdam("domain", "stale").out;
  at.host.sh("umount /run/hidden/one; systemctl stop hidden");
  expect(out).toContain("; 1 name out of reach: cofferdam domain stale");
  expect(stale).toContain("/run/hidden/one");
  at.done("unit", "disable", "hidden");
});

test("command lines are understood as systemd understands them", () => {
  const lines = [
    `/bin/a 'b c' d"e f"g \\x41\\101\\s "\\"" '\\''`,
    "-@/bin/a b c ; /bin/d e ;",
    "/bin/a \\; ';' x;y",
    ":/bin/a $X",
    "/bin/a \\q 'x\\z'",
  ];
  at.service(
    "parsed.service",
    `Type=oneshot\n${lines.map((line) => `ExecStart=${line}\n`).join("")}`,
  );
  const asked = at.host.sh(
    "busctl --json=short get-property org.freedesktop.systemd1 " +
      "/org/freedesktop/systemd1/unit/parsed_2eservice org.freedesktop.systemd1.Service ExecStart",
  );
  const heard = (JSON.parse(asked).data as [string, string[]][]).map(([path, words]) => [
    path,
    words,
  ]);
  const ours = lines
    .flatMap(parseExecLine)
    .map(({ path, prefixes, arguments: words }) => [
      path,
      prefixes.includes("@") ? words : [path, ...words],
    ]);
  expect(ours).toEqual(heard);
});
