import { existsSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { at, withBootedUnits } from "../host/units/booted-units.ts";
import { showsClone } from "../host/units/shell-units.ts";
import { skipUnless } from "../support/skip.ts";

withBootedUnits();
// What the host has there is read-only.
beforeAll(() => at?.host.sh("mount -t tmpfs -o mode=0755,size=16m cofferdam-test /srv"));

/** Counts its visits in a file that it replaces, and reads its pages anew at SIGHUP. */
const server = `
const { createServer } = require("node:http");
const { readFileSync, renameSync, writeFileSync } = require("node:fs");
const { greeting } = require("./lib/greeting");
const read = () => JSON.parse(readFileSync(process.argv[2], "utf8"));
let settings = read();
process.on("SIGHUP", () => { settings = read(); });
let visits = 0;
createServer((request, response) => {
  visits += 1;
  writeFileSync("/run/web/visits.new", String(visits));
  renameSync("/run/web/visits.new", "/run/web/visits");
  writeFileSync("/run/web/log", request.url + "\\n", { flag: "a" });
  response.end(greeting(settings.name) + readFileSync("/srv/pages/page", "utf8"));
}).listen(settings.port);
`;

function writeService(): void {
  at.write("/srv/web/server.js", server);
  at.write("/srv/web/lib/greeting.js", "exports.greeting = (name) => 'hello ' + name + ' ';\n");
  at.write("/srv/pages/page", "a page\n");
  at.write("/etc/web.json", '{ "name": "one", "port": 8080 }\n');
  at.service(
    "web.service",
    `User=www-data\nWorkingDirectory=/srv/web\nRuntimeDirectory=web\n${showsClone}` +
      "ExecStart=/usr/bin/node server.js /etc/web.json\nExecReload=/bin/kill -HUP $MAINPID\n",
  );
}

test("a socket that systemd has not loaded yet is in the draft, too", () => {
  at.service("late.service", "ExecStart=/usr/bin/sleep 600\n");
  at.write("/etc/systemd/system/late.socket", "[Socket]\nListenStream=127.0.0.1:8099\n");
  at.host.sh("systemctl daemon-reload");
  expect(at.host.show("late.service", "TriggeredBy")).toBe("");
  const draft = at.done("protect", "--print", "late");
  at.host.sh("rm /etc/systemd/system/late.*; systemctl daemon-reload");
  expect(draft).toMatch(/^ {2}- listen\b/m);
});

const ask = 'exec 3<>/dev/tcp/127.0.0.1/$1; printf "$2" >&3; timeout 20 cat <&3';

/** Waits until the port answers; each look is a connection of its own. */
function asked(port: string, words: string): string {
  at.host.sh('until bash -c ": </dev/tcp/127.0.0.1/$1" 2>/dev/null; do sleep 0.05; done', port);
  return at.host.run("bash", "-c", ask, "bash", port, words).out;
}

function visit(): void {
  const page = asked("8080", "GET /x HTTP/1.0\\r\\n\\r\\n");
  expect(page).toMatch(/hello (?:one|two) a page/);
}

/** As often as the test likes, whatever the unit's limit. */
function restart(unit: string): void {
  at.host.sh('systemctl reset-failed "$1"; systemctl restart "$1"', unit);
}

/** Reload and restart belong to it. */
function work(unit: string, use: () => void): void {
  use();
  at.host.sh('systemctl reload "$1" || :', unit);
  use();
  restart(unit);
  use();
}

function denials(domain: string): number {
  const { out } = at.host.cofferdam("events", "--domain", domain, "--json");
  return out.split("\n").filter((line) => line.includes('"verdict":"denied"')).length;
}

/** From a unit to the end of the README's commands; the lines that a person had to read. */
function fromNothingToEnforced(unit: string, use: () => void): string {
  const said = at.done("protect", "--now", unit);
  at.becomes(at.host.show(unit, "MainPID"), unit);
  expect(at.done("domain", "list")).toMatch(new RegExp(`${unit}\\s.*warning`));
  work(unit, use);
  const suggested = at.host.cofferdam("suggest", unit, "--write", "--json");
  expect(JSON.parse(suggested.out).dangerous, suggested.out).toEqual([]);
  at.done("domain", "reload", unit);
  at.done("domain", "level", unit, "enforcing");
  restart(unit);
  const before = denials(unit);
  for (let round = 0; round < 3; round += 1) work(unit, use);
  const after = denials(unit);
  expect(after - before, at.host.cofferdam("events", "--domain", unit).out).toBe(0);
  return said;
}

test("a Node service, from nothing to enforced by one warning phase", (context) => {
  skipUnless(context, existsSync("/usr/bin/node"), "there is no /usr/bin/node");
  writeService();
  at.host.sh("systemctl start web");
  visit();
  const printed = at.done("protect", "--print", "web");
  expect(printed).toContain("\nuser: www-data # User= of web.service\n");
  expect(printed).toContain("  - rwcd /run/web/** # RuntimeDirectory= of web.service\n");
  expect(printed).toContain("  - r /srv/web/** # WorkingDirectory= of web.service\n");
  expect(printed).toMatch(/ {2}- listen tcp 8080 # process \d+ listens there\n/);
  expect(at.host.run("test", "-e", "/etc/cofferdam/domains/web.yaml").status).toBe(1);
  const said = fromNothingToEnforced("web", visit);
  expect(said).toContain("\nweb: warning");
  expect(said).toMatch(/ {2}network: listen tcp 8080\n {6}process \d+ listens there\n/);
  // What it never asked for it does not get.
  expect(at.host.cofferdam("explain", "web", "read", "/etc/hostname").status).not.toBe(0);
  // It is in its domain now.
  const again = at.host.cofferdam("protect", "web");
  expect(again.status).toBe(1);
  expect(again.err).toContain("is started in its domain already");
  const pid = at.host.show("web", "MainPID");
  expect(at.host.cofferdam("protect", pid).err).toContain("is in the domain web already");
});

test("Debian's rsync daemon, which has no shipped policy", (context) => {
  skipUnless(context, existsSync("/usr/bin/rsync"), "there is no /usr/bin/rsync");
  at.write("/srv/data/file", "a file\n");
  // `suggest --write` never takes chroot: an administrator would have to.
  at.write(
    "/etc/rsyncd.conf",
    "uid = nobody\ngid = nogroup\nuse chroot = no\n[data]\npath = /srv/data\nread only = yes\n",
  );
  at.write("/etc/systemd/system/rsync.service.d/test.conf", `[Service]\n${showsClone}`);
  at.host.sh("systemctl daemon-reload; systemctl start rsync");
  fromNothingToEnforced("rsync", () => {
    at.host.sh('until bash -c ": </dev/tcp/127.0.0.1/873" 2>/dev/null; do sleep 0.05; done');
    const copy = "rsync --timeout=20 rsync://127.0.0.1/data/file /run/copy && cat /run/copy";
    expect(at.host.sh(`rm -f /run/copy; ${copy}`)).toBe("a file\n");
  });
});

test("Debian's memcached takes its shipped policy; a level that is in force stays", (context) => {
  skipUnless(context, existsSync("/usr/bin/memcached"), "there is no /usr/bin/memcached");
  at.write("/etc/systemd/system/memcached.service.d/test.conf", `[Service]\n${showsClone}`);
  at.host.sh("systemctl daemon-reload; systemctl start memcached");
  const said = at.done("protect", "--now", "memcached");
  expect(said).toContain("there is a policy for memcached.service");
  expect(at.host.run("ls", "/etc/cofferdam/domains").out).not.toContain("memcached");
  at.becomes(at.host.show("memcached", "MainPID"), "memcached");
  expect(at.done("domain", "list")).toMatch(/memcached\s.*warning/);
  // Without its drop-in, and its processes enforced: others would be put at warning.
  at.done("domain", "level", "memcached", "enforcing");
  at.done("unit", "disable", "memcached");
  const { status, err } = at.host.cofferdam("protect", "memcached");
  expect(status).toBe(1);
  expect(err).toContain("is in the domain memcached already");
  at.host.sh("systemctl stop memcached");
});

test("a process that no unit started: what it does, and its arguments as comments", () => {
  const start = "cd /srv; setsid python3 -m http.server 8123 -d /srv/web >/dev/null 2>&1 & echo $!";
  const pid = at.host.sh(start).trim();
  at.host.sh('until bash -c ": </dev/tcp/127.0.0.1/8123" 2>/dev/null; do sleep 0.05; done');
  const printed = at.done("protect", "--print", pid);
  at.host.sh('kill "$1"', pid);
  expect(printed).toContain(`  - listen tcp 8123 # process ${pid} listens there\n`);
  expect(printed).toMatch(/# careful: a process can write [^-]+\n {2}# - r \/srv\/web\/\*\*\n/);
});

test("bad targets: masked, a template, missing; nothing is changed", () => {
  at.host.sh("ln -sf /dev/null /etc/systemd/system/masked.service; systemctl daemon-reload");
  at.service("each@.service", "ExecStart=/usr/bin/sleep 600\n");
  const before = at.settings();
  const refused = (word: string) => {
    const { status, err } = at.host.cofferdam("protect", word);
    expect(status, word).not.toBe(0);
    return err;
  };
  expect(refused("masked")).toContain("systemctl unmask masked.service");
  expect(refused("each@.service")).toContain("protect each@INSTANCE");
  expect(refused("nowhere.service")).toContain("nowhere.service cannot be loaded");
  expect(refused("999999999")).toContain("no process 999999999 runs");
  expect(refused("2")).toContain("process 2");
  expect(at.settings()).toBe(before);
});
