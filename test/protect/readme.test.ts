import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { at, withBootedUnits } from "../host/units/booted-units.ts";
import { showsClone } from "../host/units/shell-units.ts";
import { root } from "../house/tree.ts";

withBootedUnits();
// What the host has there is read-only.
beforeAll(() => at?.host.sh("mount -t tmpfs -o mode=0755,size=16m cofferdam-test /srv"));

const readme = readFileSync(join(root, "README.md"), "utf8");

/** The commands of the README's block that begins with this word, without their comments. */
function block(first: string): readonly string[] {
  const blocks = readme.split(/\n(?! {4})/);
  const found = blocks.find((text) => text.trimStart().startsWith(first));
  if (found === undefined) throw new Error(`the README has no block that begins with ${first}`);
  return found
    .trim()
    .split("\n")
    .map((line) =>
      line
        .trim()
        .replace(/ +# .*$/, "")
        .replace(/^(?:bin\/)?cofferdam /, ""),
    );
}

/** Of a daemon with a shipped policy, and of one without. */
const shipped = block("cofferdam protect --now memcached");
const drafted = block("bin/cofferdam protect --now tool");

/** Neither a day at level warning nor ten minutes of watching are for a test. */
const short: Readonly<Record<string, readonly string[]>> = {
  ready: ["--least", "1s"],
  enforce: ["--least", "1s", "--watch", "2s"],
};
const LINES_READ_MAX = 10;
/** How often a busy host's slow disk may have the mediator retired in one walk. */
const BEGUN_ANEW_MAX = 5;

/**
 * Of what a command prints, the reader needs its first line, which is the answer, and lines that
 * ask for a decision: what to look at, warnings, reasons against. The rest says what was done.
 */
function mustBeRead(line: string, at: number): boolean {
  return (
    at === 0 || /^(?:Granted; look|Left out|error|warning)|^ {2}(?:not yet|cannot tell)/.test(line)
  );
}

/** More than `ready` is asked for by `--least`. */
const letTimePass = () => at.host.run("bash", "-c", "sleep 1.2");

/** Where the mediator was retired meanwhile: does what `ready` says then. */
function untilSeenThrough(unit: string, use: () => string): void {
  for (let anew = 0; anew < BEGUN_ANEW_MAX; anew++) {
    const { out } = at.host.cofferdam("ready", unit, "--least", "1s");
    if (!out.includes("mediator retired")) return;
    at.done("domain", "level", unit, "warning");
    at.done("domain", "restart", unit);
    use();
    letTimePass();
    // A daemon that is granted one thing may go on to ask for another.
    at.host.cofferdam("suggest", unit, "--write");
    at.done("domain", "reload", unit);
  }
}

/** Follows the commands, word for word; `use`: a client's work, before the verdict is asked for. */
function follow(commands: readonly string[], name: string, unit: string, use: () => string): void {
  let read = 0;
  const said: string[] = [];
  for (const command of commands) {
    const words = command.replace(name, unit).split(" ");
    const [first = ""] = words;
    if (first === "suggest" || first === "ready") letTimePass();
    if (first === "ready") untilSeenThrough(unit, use);
    if (first === "unit") at.becomes(at.host.show(unit, "MainPID"), unit);
    const { status, out, err } = at.host.cofferdam(...words, ...(short[first] ?? []));
    said.push(`$ ${words.join(" ")} (${status})\n${out}${err}`);
    // `suggest` says with 1 that it found lines, `check` and `ready` what they found.
    const mayBeNo = first === "suggest" || first === "ready";
    expect(status === 0 || (mayBeNo && status === 1), said.join("")).toBe(true);
    read += `${out}${err}`.split("\n").filter(mustBeRead).length;
    if (first === "protect") {
      at.becomes(at.host.show(unit, "MainPID"), unit);
      use();
    }
  }
  at.becomes(at.host.show(unit, "MainPID"), unit);
  expect(use(), said.join("")).toBeTruthy();
  expect(at.done("domain", "list")).toMatch(new RegExp(`${unit}\\s.*enforcing`));
  expect(read, said.join("")).toBeLessThan(LINES_READ_MAX + 1);
}

const waitFor = 'until bash -c ": </dev/tcp/127.0.0.1/$1" 2>/dev/null; do sleep 0.05; done';
const daemons = [
  { unit: "memcached", port: "11211", folders: [] },
  { unit: "mosquitto", port: "1883", folders: ["/var/lib/mosquitto", "/var/log/mosquitto"] },
  { unit: "dnsmasq", port: "53", folders: [] },
];

test.each(daemons)("a new administrator, README only: $unit", ({ unit, port, folders }) => {
  at.write(`/etc/systemd/system/${unit}.service.d/test.conf`, `[Service]\n${showsClone}`);
  // What the host has there is read-only.
  for (const folder of folders)
    at.host.sh('mount -t tmpfs -o "uid=$2,gid=$2" cofferdam-test "$1"', folder, unit);
  at.host.sh('systemctl daemon-reload; systemctl start "$1"', unit);
  const use = () => at.host.sh(`${waitFor}; echo served`, port);
  follow(shipped, "memcached", unit, use);
});

const server = `
const { createServer } = require("node:http");
const { readFileSync, writeFileSync } = require("node:fs");
const { name } = JSON.parse(readFileSync(process.argv[2], "utf8"));
createServer((request, response) => {
  writeFileSync("/run/web/log", request.url + "\\n", { flag: "a" });
  response.end("hello " + name);
}).listen(8080);
`;

test("a new administrator, README only: a Node service", () => {
  at.write("/srv/web/server.js", server);
  at.write("/etc/web.json", '{ "name": "one" }\n');
  at.service(
    "web.service",
    `User=www-data\nWorkingDirectory=/srv/web\nRuntimeDirectory=web\n${showsClone}` +
      "ExecStart=/usr/bin/node server.js /etc/web.json\n",
  );
  at.host.sh("systemctl start web");
  const use = () => {
    at.host.sh(waitFor, "8080");
    return at.host.sh(
      "node -e 'fetch(\"http://127.0.0.1:8080/x\").then(async (r) => console.log(await r.text()))'",
    );
  };
  follow(drafted, "tool", "web", use);
});
