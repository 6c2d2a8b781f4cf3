import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { Manifest } from "../../../src/cli/support/bundle.ts";
import type { Frame } from "../../../src/cli/top/frame.ts";
import { root } from "../../house/tree.ts";
import { skipUnless } from "../../support/skip.ts";
import { ada, bob, canHaveHost, carol, SessionHost, type TestUser } from "../session-host.ts";

const client = join(root, "bin", "cofferdam-login");
const FIRST_START_MS = 60_000;

let host: SessionHost;
beforeAll(async () => {
  if (canHaveHost()) host = await SessionHost.start(root);
}, FIRST_START_MS);
afterAll(() => host?.stop());
beforeEach((context) => skipUnless(context, canHaveHost(), "a host of one's own takes root"));

/** `user` null: root. */
const inside = (command: string, user: TestUser | null = ada) =>
  host.run([client, "-c", command], user ?? undefined);

/** Asks the view socket from outside every domain. */
const outside = (path: string, user?: TestUser) =>
  host.run(
    ["curl", "-s", "--unix-socket", "/run/cofferdam-sessions/view.sock", `http://x${path}`],
    user,
  );

test(
  "top shows the host's domains, the shell itself among them, where /proc shows nothing",
  () => {
    expect(inside("ls /run/cofferdam").status).not.toBe(0);
    expect(inside("cat /proc/1/stat").status).not.toBe(0);
    const { status, out, err } = inside("cofferdam top --json -n 1 -d 1");
    expect({ status, err }).toEqual({ status: 0, err: "" });
    const { interval, domains } = JSON.parse(out) as Frame;
    expect(interval).toBeGreaterThanOrEqual(1);
    expect(domains[0]).toMatchObject({ name: "superDom", number: 0 });
    expect(domains[0]?.processes).toBeGreaterThan(1);
    expect(domains.find(({ name }) => name === "shell")?.processes).toBeGreaterThan(0);
  },
  FIRST_START_MS,
);

test("esxtop -b and support-util vm-support are there under their names", () => {
  expect(inside("esxtop -b -n 1 -d 1").out).toContain("Domain(0:superDom)");
  expect(inside("esxtop -a").err).toMatch(/^esxtop: -a has no meaning here/);
  expect(inside("support-util vm-support -w /nowhere").err).toMatch(
    /`\/nowhere` cannot be written to/,
  );
  const { status, err } = inside("cofferdam ps");
  expect({ status, err }).toEqual({
    status: 2,
    err: expect.stringContaining("supershell leads out of it"),
  });
});

test("support writes a private bundle, with none of the user's own files", () => {
  const folder = "/home/ada/.config/cofferdam/domains";
  expect(
    host.run(["sh", "-c", `mkdir -p ${folder} && echo 'level: no' > ${folder}/mine.yaml`], ada)
      .status,
  ).toBe(0);
  const environment = "HOME=/home/ada XDG_CONFIG_HOME=/home/ada/.config";
  const { status, out, err } = inside(
    `mkdir -p mine && ${environment} cofferdam support -w mine --json`,
  );
  expect({ status, err }).toEqual({ status: 0, err: "" });
  const { file, manifest } = JSON.parse(out);
  expect(file).toMatch(/^\/var\/spool\/cofferdam\/ada\/mine\/cofferdam-support-/);
  expect(inside(`ls -ln ${file}`).out).toMatch(new RegExp(`^-rw------- 1 ${ada.uid} ${ada.uid} `));
  const names = manifest.files.map(({ name }: { name: string }) => name);
  expect(names).toEqual(
    expect.arrayContaining(["commands/doctor.txt", "commands/status.txt", "host/kernel.txt"]),
  );
  expect(
    manifest.files.find(({ name }: { name: string }) => name === "events/events.jsonl")?.bytes ?? 0,
  ).toBe(0);
  expect(names.filter((name: string) => name.includes("mine"))).toEqual([]);
});

test.for([
  { who: "root", user: null, uid: 0 },
  { who: "a member of the group cofferdam", user: carol, uid: 0 },
  { who: "another user", user: ada, uid: ada.uid },
])(
  "what a bundle of $who is made of is what uid $uid may read",
  { timeout: 2 * FIRST_START_MS },
  ({ user, uid }) => {
    const { status, out, err } = inside("cofferdam support --json", user);
    expect({ status, err }).toEqual({ status: 0, err: "" });
    const { file, manifest } = JSON.parse(out) as { file: string; manifest: Manifest };
    const doctor = host.run(["tar", "xzOf", file, `${manifest.bundle}/commands/doctor.txt`]);
    expect(doctor.out).toMatch(new RegExp(`^caller +uid ${uid},`, "m"));
  },
);

test("it is written nowhere but where the shell itself may write", () => {
  for (const where of [
    "/home/ada",
    "/tmp",
    "/run/cofferdam-sessions",
    "/var/spool/cofferdam/bob",
  ]) {
    const { status, err } = inside(`cofferdam support -w ${where}`);
    expect({ where, status }).toEqual({ where, status: 3 });
    expect(err).toContain("help: ");
  }
  inside("ln -s /home/ada/.profile trap");
  expect(inside("cofferdam support -w trap").status).toBe(3);
});

test("a peer in no domain is refused, root as well", () => {
  for (const user of [undefined, bob])
    expect(JSON.parse(outside("/v1/reading", user).out)).toMatchObject({
      error: "this is for the sandboxed shell alone",
      help: expect.stringContaining("cofferdam top"),
    });
});

test("nothing but two requests is answered, and no word of one is used", () => {
  const asked = [
    ["GET", "/", 404],
    ["GET", "/v1/domains", 404],
    ["GET", "/v1/support/../../etc/shadow", 404],
    ["GET", "/v1/reading?file=/etc/shadow", 404],
    ["GET", "/v1/support/%2e%2e", 404],
    ["PUT", "/v1/reading", 405],
    ["POST", "/v1/support", 405],
    ["PUT", "/v1/level", 404],
  ] as const;
  const script = `
    const agent = new (require("http").Agent)({ maxSockets: 1 });
    const socketPath = "/run/cofferdam-sessions/view.sock";
    for (const [method, path] of ${JSON.stringify(asked)}) {
      const say = (answer) => console.log(method, path, answer.statusCode);
      require("http").request({ socketPath, agent, method, path }, say).end();
    }
  `;
  const { out } = host.run([client, "-c", `${process.execPath} -e '${script}'`], ada);
  expect(out.trim().split("\n").sort()).toEqual(asked.map((one) => one.join(" ")).sort());
});

test("making a bundle delays no reading", () => {
  const { out } = inside(
    "cofferdam support --json >bundle.json 2>&1 & cofferdam top --json -n 1 -d 1; wait; cat " +
      "bundle.json",
  );
  expect(out).toContain('"manifest"');
  expect(out).toContain('"superDom"');
});

test("the live view works at the sandbox's terminal, and gives it back", async () => {
  const script = join(root, "test", "cli", "top", "at-terminal.py");
  const steps = [{ until: "q: quit" }, { size: [10, 60] }, { until: "q: quit" }, { send: "q" }];
  const words = host.words([client, "-c", "cofferdam top -d 3600"], ada);
  const { stdout } = await promisify(execFile)(
    "python3",
    [script, JSON.stringify(steps), ...words],
    {
      env: { PATH: process.env.PATH, TERM: "xterm" },
    },
  );
  const { status, same, outputs } = JSON.parse(stdout);
  expect({ status, same }).toEqual({ status: 0, same: true });
  expect(outputs[0]).toContain("superDom");
});
