import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { root } from "../house/tree.ts";
import { skipUnless } from "../support/skip.ts";
import { typing, typist } from "../support/typist.ts";
import { ada, canHaveHost, SessionHost } from "./session-host.ts";
import { keyOf, Sshd } from "./sshd.ts";

const FIRST_START_MS = 60_000;
const LOGINS = 50;
const HOME = "/var/spool/cofferdam/ada";

let host: SessionHost;
let sshd: Sshd;
beforeAll(async () => {
  if (!canHaveHost()) return;
  host = await SessionHost.start(root);
  sshd = await Sshd.start(host, ada);
  host.run(sshd.ssh([], ["true"]));
}, FIRST_START_MS);
afterAll(() => host?.stop());
beforeEach((context) => skipUnless(context, canHaveHost(), "a host of one's own takes root"));

const ssh = (options: readonly string[], ...command: readonly string[]) =>
  host.run(sshd.ssh(options, command));

test("a command runs in the sandbox, with its status, output and input", () => {
  expect(ssh([], "echo out; echo err >&2; id -un; pwd; exit 7")).toEqual({
    status: 7,
    out: `out\nada\n${HOME}\n`,
    err: "err\n",
  });
  expect(host.run(sshd.ssh([], ["cat"]), undefined, "in and out")).toMatchObject({
    status: 0,
    out: "in and out",
  });
  expect(ssh([], "cat /etc/shadow")).toMatchObject({
    status: 1,
    err: "cat: /etc/shadow: Permission denied\n",
  });
  expect(ssh([], "/usr/bin/who").err).toContain("this is the sandboxed shell");
});

test("a shell without a terminal reads its input", () => {
  const { status, out } = host.run(sshd.ssh([]), undefined, "echo one; id -un\nexit 3\n");
  expect(out).toBe("one\nada\n");
  expect(status).toBe(3);
});

test("nothing that the user owns runs before the sandbox", () => {
  const files = [".bashrc", ".bash_profile", ".profile", ".zshenv", ".ssh/rc", ".ssh/environment"];
  for (const file of files) {
    const path = `/home/ada/${file}`;
    host.run(
      [
        "sh",
        "-c",
        `mkdir -p $(dirname ${path}); echo 'echo ${file} >>/tmp/ran.$$; echo ran ${file}' >${path}`,
      ],
      ada,
    );
  }
  const { out, err } = ssh([], "echo in");
  expect(out + err).toBe("in\n");
  const forced = ssh(["-o", "SetEnv=LC_ALL=C BASH_ENV=/home/ada/.bashrc"], "echo in");
  expect(forced.out + forced.err).toBe("in\n");
});

test("sftp, scp in both its protocols, and rsync go to and from the exchange folder", () => {
  const source = host.file("source/a file", "some bytes\n");
  const options = [...sshd.options, "-P", String(sshd.port)];
  const batch = host.file(
    "batch",
    `put "${source}" sftped\nls\nget sftped ${host.folder}/back\nmkdir more\nrename sftped ` +
      "more/sftped\n-get /etc/passwd /dev/null\n-ls /root\n",
  );
  const sftp = host.run(["sftp", ...options, "-b", batch, "ada@127.0.0.1"]);
  expect(sftp).toMatchObject({ status: 0 });
  expect(sftp.err).toContain("Permission denied");
  expect(readFileSync(join(host.folder, "back"), "utf8")).toBe("some bytes\n");
  for (const [name, protocol] of [
    ["new", []],
    ["old", ["-O"]],
  ] as const) {
    expect(
      host.run(["scp", ...options, ...protocol, source, `ada@127.0.0.1:scp-${name}`]),
    ).toMatchObject({
      status: 0,
      err: "",
    });
    expect(
      host.run([
        "scp",
        ...options,
        ...protocol,
        `ada@127.0.0.1:scp-${name}`,
        `${host.folder}/scp-${name}`,
      ]),
    ).toMatchObject({ status: 0, err: "" });
  }
  const shell = ["ssh", ...sshd.options, "-p", String(sshd.port)].join(" ");
  expect(
    host.run(["rsync", "-a", "-e", shell, `${host.folder}/source/`, "ada@127.0.0.1:synced"]),
  ).toMatchObject({
    status: 0,
    err: "",
  });
  expect(
    host.run(["rsync", "-a", "-e", shell, "ada@127.0.0.1:synced/", `${host.folder}/again`]),
  ).toMatchObject({
    status: 0,
    err: "",
  });
  for (const copy of ["scp-new", "scp-old", "again/a file"])
    expect(readFileSync(join(host.folder, copy), "utf8")).toBe("some bytes\n");
  expect(ssh([], "cat more/sftped scp-new synced/*").out).toBe("some bytes\n".repeat(3));
});

test("keys alone let in, and an agent that is forwarded answers inside", () => {
  expect(host.run(sshd.ssh(["-o", "PubkeyAuthentication=no"], ["true"])).status).toBe(255);
  const inAgent = (...command: readonly string[]) =>
    host.run(["ssh-agent", "sh", "-c", `ssh-add -q ${keyOf(host)} && exec "$@"`, "sh", ...command]);
  const fingerprint = host.run(["ssh-keygen", "-lf", keyOf(host)]).out;
  expect(inAgent(...sshd.ssh(["-A"], ["ssh-add -l; echo $SSH_AUTH_SOCK"]))).toMatchObject({
    status: 0,
    out: `${fingerprint}/run/cofferdam-sessions/agents/ada/0.sock\n`,
  });
  expect(host.run(["ls", "/run/cofferdam-sessions/agents/ada"]).out).toBe("");
  expect(inAgent(...sshd.ssh([], ["echo -$SSH_AUTH_SOCK-"])).out).toBe("--\n");
});

test("ports are forwarded by sshd, and unix sockets not at all", async () => {
  const server = host.spawn([
    "python3",
    "-c",
    "import socket\n" +
      "s=socket.create_server(('127.0.0.1',0));print(s.getsockname()[1],flush=True)\nwhile " +
      "1:\n c=s.accept()[0];c.sendall(b'through');c.close()",
  ]);
  const port = await new Promise<string>((resolve) =>
    server.stdout?.once("data", (text) => resolve(String(text).trim())),
  );
  expect(host.run(sshd.ssh(["-W", `127.0.0.1:${port}`])).out).toBe("through");
  expect(host.run(sshd.ssh(["-W", "/run/cofferdam-sessions/login.sock"])).status).toBe(255);
});

test("a terminal follows its size; interrupt, job control and status work", () => {
  const script = [
    ["$ ", 'echo "ready"'],
    ["ready\n", "RESIZE"],
    ["$ ", "until [ $LINES = 50 ]; do (:); done; echo now $LINES $COLUMNS"],
    ["now 50 132", "bash -c 'echo up; read'"],
    ["up\n", "^C"],
    ["$ ", "bash -c 'echo up; read'"],
    ["up\n", "^Z"],
    ["Stopped", "kill -KILL %1; while jobs %1; do (:); done; exit 9"],
  ] as const;
  const { status, out } = host.run(typist(sshd.ssh(["-tt"])), undefined, typing(script));
  expect(out).toContain("This is a sandboxed shell");
  expect(out).not.toContain("no job control");
  expect(out).toContain("now 50 132");
  expect(status).toBe(9);
});

test(
  "fifty logins at once",
  async () => {
    const logins = Array.from({ length: LOGINS }, (_, number) => {
      const child = host.spawn(sshd.ssh([], [`echo ${number}`]));
      let out = "";
      for (const stream of [child.stdout, child.stderr])
        stream?.on("data", (text) => {
          out += text;
        });
      return new Promise<string>((resolve) =>
        child.once("close", (status) => resolve(`${status} ${out.trim()}`)),
      );
    });
    expect(await Promise.all(logins)).toEqual(
      Array.from({ length: LOGINS }, (_, number) => `0 ${number}`),
    );
  },
  FIRST_START_MS,
);

test("a login's origin is the kernel's record, whatever the client says", () => {
  expect(ssh([], "SSH_CONNECTION='192.0.2.7 1 192.0.2.8 22' supershell -c id").status).toBe(125);
  const last = host.run(["tail", "-n", "1", "/var/log/cofferdam/events.jsonl"]).out;
  expect(JSON.parse(last)).toMatchObject({
    operation: "supershell",
    object: "id",
    supershell: {
      phase: "refused",
      terminal: null,
      origin: expect.stringMatching(/^127\.0\.0\.1 port \d+$/),
    },
  });
});
