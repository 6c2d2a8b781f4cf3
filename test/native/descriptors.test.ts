import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Plan } from "../../src/plan/plan.ts";
import { needsRoot } from "../support/skip.ts";
import { compileHelper, Front } from "./front.ts";

const front = new Front();
afterAll(() => front.close());

type Inherit = Plan["inherit"];
const nothing: Inherit = { stdio: false, stdioSockets: false, listen: false };
const all: Inherit = { stdio: true, stdioSockets: true, listen: true };

const look = join(front.work, "show-descriptors");
compileHelper("show-descriptors.c", look);

/**
 * What the daemon has when `setup` (Python; the front is executed behind it) made the caller's
 * descriptors.
 */
function inherited(
  inherit: Inherit,
  setup: string,
): { lines: string[]; stderr: string; status: number } {
  const plan = front.plan((base) => ({ ...base, inherit }));
  front.put(plan);
  const program = [
    "import os,select,socket,sys",
    "class keep: epoll, socket = select.epoll(), socket.socket()",
    "os.dup2(keep.socket.fileno(), 100)",
    setup,
    "os.execv(sys.argv[1], sys.argv[1:])",
  ].join("\n");
  const script =
    'rm -f out err; python3 -c "$0" "$@" 2>err; echo $?; ' +
    "cat out 2>/dev/null; echo --; cat err";
  const text = execFileSync(
    "env",
    [
      ...front.environment("self"),
      "sh",
      "-c",
      script,
      program,
      front.binary,
      "run",
      plan.domain,
      "--",
      look,
    ],
    { encoding: "utf8", cwd: front.work },
  );
  const [output = "", stderr = ""] = text.split("--\n");
  const [status, ...lines] = output.trimEnd().split("\n");
  return { lines, stderr, status: Number(status) };
}

const file = (number: number) => `fd=os.open('/etc/hostname', os.O_RDONLY); os.dup2(fd, ${number})`;

test("nothing is inherited that is not granted", () => {
  const { lines, status } = inherited(nothing, `${file(0)}; ${file(7)}; ${file(300)}`);
  expect(status).toBe(0);
  expect(lines).toEqual(["0 /dev/null", "1 /dev/null", "2 /dev/null"]);
});

test("stdio: files, pipes and character devices stay, and nothing beyond descriptor 2", () => {
  const { lines } = inherited(
    { ...nothing, stdio: true },
    `${file(0)}; ${file(9)}; os.dup2(os.pipe()[1], 2)`,
  );
  expect(lines[0]).toBe("0 /etc/hostname");
  expect(lines.find((line) => line.startsWith("2 "))).toMatch(/^2 pipe:/);
  expect(lines.some((line) => line.startsWith("9 "))).toBe(false);
});

test("directories, path descriptors, handles of processes and epoll never stay", () => {
  for (const made of [
    "os.open('/', os.O_RDONLY)",
    "os.open('/etc/hostname', os.O_PATH)",
    "os.pidfd_open(os.getpid())",
    "os.open('/proc/self/ns/net', os.O_RDONLY)",
    "keep.epoll.fileno()",
  ]) {
    expect(inherited(all, `os.dup2(${made}, 0)`).lines[0], made).toBe("0 /dev/null");
  }
});

test("sockets among 0 to 2 stay with stdio-sockets only", () => {
  const setup = "s=socket.socketpair(); os.dup2(s[0].fileno(), 0)";
  expect(inherited({ ...all, stdioSockets: false }, setup).lines[0]).toBe("0 /dev/null");
  expect(inherited({ ...nothing, stdioSockets: true }, setup).lines[0]).toMatch(/^0 socket:/);
});

test("a socket that can be reconnected does not stay; a connected unix stream does", () => {
  for (const made of [
    "socket.socket(socket.AF_INET)",
    "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
    "socket.socket(socket.AF_UNIX)",
    "socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0]",
    "accepted()",
  ]) {
    const setup = [
      "def accepted():",
      " s=socket.create_server(('127.0.0.1',0))",
      " return socket.create_connection(s.getsockname())",
      `s=${made}`,
      "os.dup2(s.fileno(), 0)",
    ].join("\n");
    expect(inherited(all, setup).lines[0], made).toBe("0 /dev/null");
  }
});

test("replacing a standard descriptor that is a socket is reported on the caller's stderr", () => {
  const setup = `${file(0)}; s=socket.socketpair(); os.dup2(s[0].fileno(), 1)`;
  const { stderr, status } = inherited({ ...nothing, stdio: true }, setup);
  expect(stderr).toMatch(
    /^cofferdam: replace a socket .*: standard output\n {2}help: `inherit: \[stdio-sockets\]`.*\n$/,
  );
  expect(status).toBe(0);
  expect(inherited(nothing, setup).stderr).toBe("");
  expect(inherited({ ...nothing, stdio: true }, `${setup}; os.dup2(s[0].fileno(), 2)`).stderr).toBe(
    "",
  );
});

test("the journal is told where its socket is replaced as standard output and error", () => {
  const setup = [
    "s=socket.socketpair(); callers=os.dup(2)",
    "if os.fork()==0:",
    " s[0].close()",
    " while (text := s[1].recv(4096)): os.write(callers, text)",
    " os._exit(0)",
    "os.dup2(s[0].fileno(), 1); os.dup2(s[0].fileno(), 2)",
  ].join("\n");
  const { stderr } = inherited({ ...nothing, stdio: true }, setup);
  expect(stderr).toMatch(
    /replace a socket .*: standard output\n {2}help: `inherit: \[stdio-sockets/,
  );
  expect(stderr).toContain(": standard error\n");
});

test("a closed standard descriptor becomes /dev/null, and none of ours is found there", () => {
  const { lines } = inherited(all, "os.close(0); os.close(2)");
  expect(lines[0]).toBe("0 /dev/null");
  expect(lines.filter((line) => line.startsWith("2 "))).toEqual(["2 /dev/null"]);
});

test("a closed standard descriptor without /dev/null is refused with a message", (context) => {
  needsRoot(context);
  const plan = front.plan((base) => ({ ...base, inherit: all }));
  front.put(plan);
  const wrapper = [
    "unshare",
    "--mount",
    "sh",
    "-c",
    'mount -t tmpfs none /dev; exec "$@" <&-',
    "sh",
  ];
  const result = front.run("self", ["run", plan.domain, "--", "echo", "ran"], { wrapper });
  expect(result.stderr).toMatch(
    /^cofferdam: fill a closed standard descriptor: \/dev\/null: ENOENT/,
  );
  expect([result.status, result.stdout]).toEqual([125, ""]);
});

const sockets = (count: number) =>
  [
    `os.environ['LISTEN_FDS']='${count}'`,
    "os.environ['LISTEN_PID']=str(os.getpid())",
    "os.environ['LISTEN_FDNAMES']='a:b'",
  ]
    .concat(Array.from({ length: count }, (_, index) => `os.dup2(100, ${3 + index})`))
    .concat([file(3 + count)])
    .join("; ");

test("sockets of socket activation stay where `listen` is granted, and only they", () => {
  const { lines } = inherited(all, sockets(2));
  expect(lines.filter((line) => /^[3-9] /.test(line))).toEqual([
    expect.stringMatching(/^3 socket/),
    expect.stringMatching(/^4 socket/),
  ]);
  expect(lines).toEqual(expect.arrayContaining(["LISTEN_FDNAMES=a:b", "LISTEN_FDS=2"]));
});

test("without `listen`, or for another process, they and their variables are gone", () => {
  for (const { lines } of [
    inherited({ ...all, listen: false }, sockets(2)),
    inherited(all, `${sockets(2)}; os.environ['LISTEN_PID']='1'`),
    inherited(all, `${sockets(2)}; os.environ['LISTEN_FDS']='2x'`),
  ]) {
    expect(lines.filter((line) => /^[3-9] |LISTEN/.test(line))).toEqual([]);
  }
});

test("what is no socket is not taken for one: refused", () => {
  const { status, stderr } = inherited(all, `${sockets(1)}; os.environ['LISTEN_FDS']='2'`);
  expect(status).toBe(125);
  expect(stderr).toMatch(/take the sockets of socket activation: descriptor 4: ENOTSOCK/);
  expect(inherited(all, `${sockets(1)}; os.close(4); os.environ['LISTEN_FDS']='2'`).stderr).toMatch(
    /descriptor 4: EBADF/,
  );
  expect(inherited(all, `${sockets(1)}; os.environ['LISTEN_FDS']='5000'`).stderr).toMatch(
    /LISTEN_FDS: E2BIG/,
  );
});
