import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { PUBLIC_FOLDER, PUBLIC_PROGRAM, SHARED_FILE } from "../../src/base/modes.ts";
import { canonical } from "../../src/host/program-named.ts";
import type { Unit } from "../../src/host/units/unit.ts";
import { execLines, parseUnitFile } from "../../src/host/units/unit-file.ts";
import { collect, ofCache } from "../../src/protect/collect.ts";
import { programHead } from "../../src/protect/elf.ts";
import type { Evidence } from "../../src/protect/evidence.ts";
import { ofHome } from "../../src/protect/of-home.ts";
import { ofPackages } from "../../src/protect/of-package.ts";
import { seenOf, withChildren } from "../../src/protect/of-process.ts";
import { ofProgram, type Started } from "../../src/protect/of-program.ts";
import { ofUnit, programsOf } from "../../src/protect/of-unit.ts";
import { ofWords, scriptOf } from "../../src/protect/of-words.ts";
import type { Subject } from "../../src/protect/subject.ts";
import { compileC } from "../support/compile-c.ts";
import { scratchFolder } from "../support/scratch.ts";
import { needsRoot, skipUnless } from "../support/skip.ts";

const folder = scratchFolder("evidence", { mode: PUBLIC_FOLDER });
const source = { why: "a test", witness: "unit" } as const;
const started = (program: string, ...words: readonly string[]): Started => ({
  ...{ program, written: program, words, source, isDaemon: true },
});
const linesOf = (evidence: readonly Evidence[]) =>
  evidence.map(({ section, line }) => (section === "files" ? line : `${section}: ${line}`));

/** As systemd would have read it. */
function unit(text: string, properties: Readonly<Record<string, string>> = {}): Unit {
  return {
    name: "web@blue.service",
    properties: new Map(Object.entries(properties)),
    lines: execLines(parseUnitFile(`[Service]\n${text}`)),
    groups: [],
    dropIn: null,
  };
}

function written(name: string, text: string, mode?: number): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  if (mode !== undefined) chmodSync(file, mode);
  return file;
}

test("a program is read and never run: its loader and libraries", () => {
  const program = canonical(process.execPath) ?? "";
  const head = programHead(program);
  expect(head).toMatchObject({ kind: "elf", loader: "/lib64/ld-linux-x86-64.so.2" });
  const lines = linesOf(ofProgram(started(program)));
  expect(lines[0]).toBe(`rx ${program}`);
  expect(lines).toContain("rm /usr/lib/x86_64-linux-gnu/libc.so.6");
  if (basename(program) === "node") expect(lines).toContain("memory: jit");
});

test("a library beside the program is found by its RUNPATH, and what that one needs", () => {
  mkdirSync(join(folder, "lib"));
  const library = join(folder, "lib/libown.so");
  compileC(library, written("own.c", "int own(void) { return 0; }\n"), ["-shared", "-fPIC"]);
  const program = join(folder, "linked");
  const main = written("main.c", "int own(void); int main(void) { return own(); }\n");
  compileC(program, main, [`-L${folder}/lib`, "-Wl,-rpath,$ORIGIN/lib"], ["-lown"]);
  expect(linesOf(ofProgram(started(program)))).toContain(`rm ${library}`);
});

test("a script's interpreter, env's argument and the modules of a virtual environment", () => {
  const python = canonical("/usr/bin/python3") ?? "";
  const script = written("tool", "#!/usr/bin/env -S python3 -u\n", PUBLIC_PROGRAM);
  const lines = linesOf(ofProgram(started(script)));
  expect(lines).toContain(`rx ${script}`);
  expect(lines).toContain(`rx ${canonical("/usr/bin/env")}`);
  expect(lines).toContain(`rx ${python}`);
  expect(lines).toContain("rm /usr/lib/python3/**");
  const bin = join(folder, "venv/bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(python, join(bin, "python3"));
  writeFileSync(join(folder, "venv/pyvenv.cfg"), "");
  const own = written("own", `#!${bin}/python3\n`, PUBLIC_PROGRAM);
  expect(linesOf(ofProgram(started(own)))).toContain(`rm ${folder}/venv/**`);
});

test("what is no program, cut short, or says where it is not", () => {
  const whole = readFileSync("/usr/bin/env");
  for (const length of [0, 1, 4, 63, 64, 100, 700]) {
    writeFileSync(join(folder, "cut"), whole.subarray(0, length));
    expect(["other", "elf"]).toContain(programHead(join(folder, "cut"))?.kind);
  }
  const lost = Buffer.from(whole);
  // e_phoff, of elf(5).
  lost.writeBigUInt64LE(0xffff_ffff_ffff_ff00n, 32);
  writeFileSync(join(folder, "lost"), lost);
  expect(programHead(join(folder, "lost"))).toEqual({ kind: "other" });
  expect(programHead(written("endless", `#!${"/".repeat(5_000)}\n`))?.kind).toBe("script");
  expect(programHead(written("loop", `#!${folder}/loop\n`))?.kind).toBe("script");
  expect(ofProgram(started(join(folder, "loop"))).length).toBeLessThan(10);
  for (const none of [folder, join(folder, "gone")]) expect(programHead(none)).toBeNull();
  expect(programHead(written("text", "a text\n"))).toEqual({ kind: "other" });
});

test("a unit's settings, each with its name", () => {
  const one = unit("ExecStart=/usr/bin/env", {
    User: "www-data",
    Group: "adm",
    StateDirectory: "web web/cache",
    RuntimeDirectory: "web",
    LogsDirectory: "web",
    ConfigurationDirectory: "web",
    PIDFile: "/run/web.pid",
    ReadWritePaths: `-${folder} /run/web.state`,
    AmbientCapabilities: "cap_net_bind_service",
    CapabilityBoundingSet: "cap_sys_admin",
    Type: "notify",
    StandardOutput: "journal",
  });
  const socket = { name: "web.socket", isUsed: true };
  expect(linesOf(ofUnit(one, [socket]))).toEqual([
    "user: www-data",
    "group: adm",
    "rwcd /var/lib/web/**",
    "rwcd /var/lib/web/cache/**",
    "rwcd /run/web/**",
    "wc /var/log/web/**",
    "r /etc/web/**",
    "rwcd /run/web.pid",
    `rwcd ${folder}/**`,
    "rw /run/web.state",
    "capabilities: net_bind_service",
    "network: connect unix /run/systemd/notify",
    "inherit: stdio-sockets",
    "inherit: listen",
  ]);
  const reasons = ofUnit(one, []).map(({ why }) => why);
  expect(reasons).toContain("StateDirectory= of web@blue.service");
  expect(reasons).toContain("Type=notify of web@blue.service");
});

test("lookups ask no nscd, unless the host has one", () => {
  const there = written("nscd", "");
  const gone = join(folder, "gone");
  expect(linesOf(ofCache(gone, gone))).toEqual(["include: without-nscd"]);
  expect([...ofCache(there, gone), ...ofCache(gone, there)]).toEqual([]);
});

test("root's bounding set counts if it names what is left, a dynamic user is the unit's", () => {
  const named = { CapabilityBoundingSet: "cap_setuid cap_setgid" };
  const caps = (properties: Readonly<Record<string, string>>) =>
    linesOf(ofUnit(unit("ExecStart=/usr/bin/env", properties), []));
  expect(caps(named)).toEqual(["capabilities: setuid", "capabilities: setgid"]);
  expect(caps({ CapabilityBoundingSet: "cap_chown ".repeat(30) })).toEqual([]);
  expect(caps({ DynamicUser: "yes", ...named })).toEqual(["user: web"]);
});

test("the home of a service's user, where data lies; not of any other user", (context) => {
  skipUnless(context, existsSync("/var/lib/mosquitto"), "there is no mosquitto");
  const home = "rwcd /var/lib/mosquitto/**";
  expect(linesOf(ofHome(unit("", { User: "mosquitto" }), null))).toEqual([home]);
  const named = (name: string) => ({ ...unit(""), name });
  const [seen] = ofHome(named("mosquitto.service"), "mosquitto");
  expect(seen).toMatchObject({ line: home, witness: "process" });
  expect(ofHome(named("web.service"), "mosquitto")).toEqual([]);
  // Their homes are /var/www, /root, and nowhere.
  for (const user of ["www-data", "root", "nobody", "unknown"])
    expect(ofHome(unit("", { User: user }), null), user).toEqual([]);
});

test("a unit's programs, with specifiers, variables and environment files", () => {
  const options = written("options", "OPTIONS='--file /etc/hosts -v'\nTOOL=x\n");
  const {
    started: found,
    outside,
    missing,
  } = programsOf(
    unit(
      'ExecStartPre=-/usr/bin/env "a b"\nExecStart=@/usr/bin/env web %i $OPTIONS ${WORD}.conf\n' +
        "ExecStart=/usr/bin/gone\nExecReload=/bin/kill -HUP $MAINPID\nExecStop=/usr/bin/env stop\n",
      { EnvironmentFiles: `${options} (ignore_errors=no)`, Environment: 'WORD=w "OTHER=a b"' },
    ),
  );
  expect(found.map(({ words }) => words)).toEqual([
    ["a b"],
    ["blue", "--file", "/etc/hosts", "-v", "w.conf"],
  ]);
  expect(found.map(({ isDaemon }) => isDaemon)).toEqual([false, true]);
  expect(missing).toEqual(["/usr/bin/gone"]);
  // A reload by `kill $MAINPID` is outside by itself.
  expect(outside).toEqual(["ExecStop"]);
});

test("arguments that name files, and what a configuration among them names", () => {
  const data = join(folder, "data");
  mkdirSync(data);
  const conf = written(
    "web.conf",
    // A daemon writes its log, and need not read it.
    `# root /etc/hostname\nroot ${data};\npid /run/none.pid\nd /etc\nlog /var/log/dpkg.log\n`,
  );
  const lines = linesOf(
    ofWords(started("/usr/bin/env", `--config=${conf}`, "-p", "8080", "relative"), folder),
  );
  expect(lines).toEqual([`r ${conf}`, `r ${data}/**`]);
  // The daemon may have written it.
  chmodSync(conf, SHARED_FILE);
  const claims = ofWords(started("/usr/bin/env", conf), folder);
  expect(claims.map(({ doubt = "" }) => doubt)).toEqual(["", expect.stringContaining(conf)]);
  const script = written("app.py", 'open("/etc/hostname")\n');
  const app = started(canonical("/usr/bin/python3") ?? "", "-u", "app.py", "--data", data);
  expect(scriptOf(app, folder)).toBe(script);
  expect(linesOf(ofWords(app, folder))).toEqual([`r ${script}`, `r ${data}/**`]);
});

test("a script of Node has the modules beside it and above", () => {
  const above = join(folder, "app/node_modules");
  mkdirSync(above, { recursive: true });
  mkdirSync(join(folder, "app/src"));
  const script = written("app/src/server.js", "");
  const node = started("/usr/bin/node", "src/server.js");
  expect(linesOf(ofWords(node, join(folder, "app")))).toEqual([`r ${script}`, `r ${above}/**`]);
});

test("a package's own folders, and none that others share", (context) => {
  const program = "/usr/sbin/mosquitto";
  skipUnless(context, existsSync(program), "there is no mosquitto, which set-up installs");
  const found = ofPackages([program]);
  const lines = linesOf(found);
  expect(lines).toContain("r /etc/mosquitto/**");
  expect(lines).toContain("rwcd /var/lib/mosquitto/**");
  expect(lines.filter((line) => / \/(?:etc|usr\/share|var\/lib)\/\*\*$/.test(line))).toEqual([]);
  expect(lines.filter((line) => /init\.d|logrotate|\/doc\//.test(line))).toEqual([]);
  expect(ofPackages([join(folder, "nowhere"), "/tmp/*"])).toEqual([]);
});

test("what a running process has open, maps and listens on", async () => {
  const data = written("open data", "");
  const gone = written("gone", "");
  const library = join(folder, "mapped.so");
  copyFileSync("/usr/lib/x86_64-linux-gnu/libutil.so.1", library);
  const script = `
import ctypes, os, socket, sys
files = [open(${JSON.stringify(data)}, "r+"), open(${JSON.stringify(gone)})]
os.unlink(${JSON.stringify(gone)})
ctypes.CDLL(${JSON.stringify(library)})
tcp = socket.socket(); tcp.bind(("127.0.0.1", 0)); tcp.listen()
client = socket.create_connection(tcp.getsockname())
unix = socket.socket(socket.AF_UNIX); unix.bind(${JSON.stringify(join(folder, "s"))}); unix.listen()
forged = socket.socket(socket.AF_UNIX)
inode = os.fstat(tcp.fileno()).st_ino
mine = os.fstat(unix.fileno()).st_ino
forged.bind("\\0x\\n0: 1 0 0 1 1 %d /run/docker.sock" % mine)
print(tcp.getsockname()[1], flush=True)
sys.stdin.read()
`;
  const child = spawn("/usr/bin/python3", ["-c", script], { stdio: ["pipe", "pipe", "inherit"] });
  const [said] = await once(child.stdout, "data");
  const port = Number(String(said));
  const pid = child.pid ?? 0;
  const { needs, uids } = seenOf(withChildren(pid), "");
  const ended = once(child, "close");
  child.stdin.end();
  await ended;
  const names = needs.flatMap(({ request }) =>
    request.class === "name" ? [`${request.operation} ${request.path}`] : [],
  );
  expect(names).toContain(`read ${data}`);
  expect(names).toContain(`write ${data}`);
  expect(names).toContain(`map ${library}`);
  expect(names.filter((name) => name.includes("gone"))).toEqual([]);
  // Which of two lines of one socket is the kernel's is not known.
  expect(names.filter((name) => name.includes("docker") || name.endsWith("/s"))).toEqual([]);
  const addresses = needs.flatMap(({ request }) => (request.class === "address" ? [request] : []));
  expect(addresses).toMatchObject([
    { operation: "listen", protocol: "tcp", port },
    { operation: "connect", protocol: "tcp", port },
  ]);
  expect(uids?.effective).toBe(process.geteuid?.());
  // It has ended.
  expect(seenOf([pid], "").needs).toEqual([]);
});

test("a unit of root's whose daemon became another user needs what that takes", async (context) => {
  needsRoot(context);
  const child = spawn("/usr/bin/sleep", ["60"], { uid: 65_534, gid: 65_534 });
  await once(child, "spawn");
  const becoming = (properties: Readonly<Record<string, string>>) => {
    const subject: Subject = {
      ...{ target: "web", name: "web", started: [], outside: [], folder: "/" },
      ...{ unit: unit("ExecStart=/usr/bin/sleep 60", properties), pids: [child.pid ?? 0] },
    };
    const lines = linesOf(collect(subject).evidence);
    return lines.filter((line) => /^capabilities: set[ug]id$/.test(line));
  };
  const both = ["capabilities: setuid", "capabilities: setgid"];
  for (const User of ["", "root", "0"]) expect(becoming({ User })).toEqual(both);
  expect(becoming({ User: "nobody" })).toEqual([]);
  expect(becoming({ DynamicUser: "yes" })).toEqual([]);
  child.kill();
});
