import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide } from "../../src/model/decide.ts";
import type { Policy } from "../../src/model/policy.ts";
import type { Request } from "../../src/model/request.ts";
import { suggest } from "../../src/model/suggest.ts";
import { addLines } from "../../src/policy/add-lines.ts";
import { POLICY_BYTES_MAX } from "../../src/policy/limits.ts";
import type { Need } from "../../src/suggest/need.ts";
import { type Suggestions, suggestions } from "../../src/suggest/suggestions.ts";
import { anyRequest } from "../model/helpers/any-request.ts";
import { policy as policyOf } from "../model/helpers/policy.ts";
import { ask, hostIncluding, hostWith, load, need, rename, TEXT } from "./a-host.ts";

function suggested(
  needs: readonly Need[],
  host = hostWith(),
  text = TEXT,
): Suggestions & { readonly after: Policy } {
  const found = suggestions(text, load(text) as Policy, needs, host);
  const after = load(addLines(text, [...found.lines, ...found.dangerous]));
  if (after === null) throw new Error("the lines make a policy that does not load");
  return { ...found, after };
}

const linesOf = ({ lines }: Suggestions) => lines.map(({ line }) => line);

describe("suggest, then enforce, never denies what was learned", () => {
  test("whatever was asked", () => {
    let granted = 0;
    fc.assert(
      fc.property(fc.array(anyRequest, { minLength: 1, maxLength: 25 }), (requests) => {
        const needs = requests.map((request) => need(request));
        const { after, beyond } = suggested(needs);
        for (const one of needs) {
          if (decide(after, one.request).outcome === "granted") granted += 1;
          else expect(beyond.map((left) => left.need)).toContain(one);
        }
        // Only what no line grants is left; a rename that gains may need a look at both names.
        for (const left of beyond)
          if (left.need.request.class !== "two-names")
            expect(suggest(left.need.request, null), JSON.stringify(left.need.request)).toBeNull();
      }),
      { numRuns: 300 },
    );
    expect(granted).toBeGreaterThan(1_000);
  });

  test("a socket that is renamed to where processes connect may be connected to before", () => {
    const needs = [
      need(ask("listen", "/run/web/new")),
      need(rename("/run/web/new", "/run/web/ready")),
      need(rename("/run/web/ready", "/run/web/socket")),
      need(ask("connect", "/run/web/socket")),
      need(ask("listen", "/run/web/ready")),
    ];
    const { lines, after, beyond } = suggested(needs);
    expect(beyond).toEqual([]);
    for (const { request } of needs) expect(decide(after, request).outcome).toBe("granted");
    for (const name of ["new", "ready", "socket"])
      expect(lines.map(({ line }) => line)).toContain(`connect unix /run/web/${name}`);
  });

  test("a daemon's second run has other ids, temporary names and dates", () => {
    const run = (pid: number, random: string, day: string): Need[] => {
      const temporary = `/var/lib/web/state-${random}`;
      return [
        ask("create", temporary),
        ask("write", temporary),
        ask("delete", temporary),
        rename(temporary, "/var/lib/web/state"),
        ask("create", "/var/lib/web/state"),
        ask("read", "/var/lib/web/state"),
        ask("create", `/run/web-${pid}.pid`),
        ask("write", `/run/web-${pid}.pid`),
        ask("read", `/proc/${pid}/status`),
        ask("write", `/var/log/web/web-${day}.log`),
        ask("create", `/var/log/web/web-${day}.log`),
        ask("read", "/sys/fs/cgroup/system.slice/web.service/memory.max"),
      ].map((request) => need(request, pid));
    };
    const { after, beyond } = suggested(run(4711, "aB3xY9", "2026-01-31"));
    expect(beyond).toEqual([]);
    for (const { request } of run(815, "Zq81pL", "2026-02-01"))
      expect(decide(after, request), JSON.stringify(request)).toMatchObject({ outcome: "granted" });
    for (const path of ["/var/lib/web/other", "/run/sshd.pid", "/var/log/web/web-secret.log"])
      expect(decide(after, ask("write", path)).outcome, path).toBe("denied");
  });
});

test("the old name of a rename gets what the new one has", () => {
  const { after, lines } = suggested(
    [
      ask("create", "/srv/new"),
      ask("delete", "/srv/new"),
      ask("create", "/srv/data"),
      rename("/srv/new", "/srv/data"),
    ].map((request) => need(request)),
    hostWith(),
    "files: [rw /srv/data]\n",
  );
  expect(lines.map(({ line }) => line)).toEqual(["rwcd /srv/new", "cd /srv/data"]);
  // The next time there is a file to replace.
  for (const replaces of [false, true])
    expect(decide(after, rename("/srv/new", "/srv/data", replaces)).outcome).toBe("granted");
});

test("a name that is granted gets no line because another one is renamed to it", () => {
  const { after, lines } = suggested(
    [need(rename("/run/web.pid.tmp", "/run/web.pid"))],
    hostWith(),
    "files: [rwcd /run/web.pid]\n",
  );
  expect(lines.map(({ line }) => line)).toEqual(["rwd /run/web.pid.tmp"]);
  expect(decide(after, rename("/run/web.pid.tmp", "/run/web.pid")).outcome).toBe("granted");
});

test("what a daemon makes in /run it may remove, though no stop of it was seen", () => {
  const asked = [
    ask("listen", "/run/web/web.sock"),
    ask("create", "/run/web/web.lock"),
    ask("create", "/srv/web/data"),
  ];
  expect(linesOf(suggested(asked.map((one) => need(one))))).toEqual([
    "d /run/web/web.sock",
    "cd /run/web/web.lock",
    "c /srv/web/data",
    "listen unix /run/web/web.sock",
  ]);
});

test("a folder that is listed is read as a whole: a sealed domain could not list it else", () => {
  const names = ["a.so", "b.so", "more", "more/c"].map((name) => `/opt/web/lib/${name}`);
  const needs = [ask("read", "/opt/web/lib"), ask("map", "/opt/web/lib/a.so")].map((one) =>
    need(one),
  );
  const { lines } = suggested(needs, hostWith(...names));
  expect(lines.map(({ line, wider }) => [line, wider])).toEqual([
    ["r /opt/web/lib/**", 3],
    ["m /opt/web/lib/a.so", 0],
  ]);
  const supervised = suggested(needs, hostWith(...names), "mediation: supervised\n");
  expect(linesOf(supervised)).toEqual(["r /opt/web/lib", "m /opt/web/lib/a.so"]);
  // The kernel makes up what is in there.
  const kernels = [need(ask("read", "/proc/self/fd"))];
  expect(linesOf(suggested(kernels, hostWith("/proc/self/fd/0")))).toEqual(["r /proc/self/fd"]);
});

test("the letters of one name stand together, and executing takes reading", () => {
  const asked = [ask("write", "/srv/a"), ask("read", "/srv/a"), ask("execute", "/srv/b")];
  expect(linesOf(suggested(asked.map((one) => need(one))))).toEqual(["rw /srv/a", "rx /srv/b"]);
});

describe("a name that changes", () => {
  test.each([
    ["an id of the process", "create", "/run/web/4711.sock", "/run/web/[0-9]*.sock"],
    ["an id that is another's", "create", "/run/web/4712.sock", "/run/web/4712.sock"],
    [
      "a date",
      "create",
      "/srv/2026-01-31.log",
      "/srv/[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9].log",
    ],
    ["no date", "create", "/srv/2026-13-31.log", "/srv/2026-13-31.log"],
    ["a rotated log", "create", "/srv/web.log.1.gz", "/srv/web.log.[0-9]*"],
    ["a version", "read", "/opt/libweb.so.1", "/opt/libweb.so.1"],
    ["a temporary name", "create", "/srv/tmpAb12xZ", "/srv/tmp??????"],
    ["a number, not a name", "create", "/srv/PostgreSQL.1680180258", "/srv/PostgreSQL.[0-9]*"],
    ["a temporary name behind a mark", "create", "/srv/web.Ab12xZ", "/srv/web.??????"],
    ["a random name that is only read", "read", "/srv/web.Ab12xZ", "/srv/web.Ab12xZ"],
    ["a random number", "create", "/srv/web.204711930", "/srv/web.[0-9]*"],
    ["a word", "create", "/srv/web.config", "/srv/web.config"],
    ["words", "create", "/srv/LastUpdate", "/srv/LastUpdate"],
    ["capitals and a digit", "create", "/srv/README1", "/srv/README1"],
    ["a digit in a word", "create", "/srv/md5sums", "/srv/md5sums"],
  ] as const)("%s", (_, operation, path, pattern) => {
    const { lines } = suggested([need(ask(operation, path), 4711)], hostWith("/srv/web.log"));
    expect(lines.map(({ line }) => line.replace(/^\w+ /, ""))).toEqual([pattern]);
  });
});

describe("a folder", () => {
  const names = (folder: string, count: number) =>
    Array.from({ length: count }, (_, at) => `${folder}/page${"abcdefghij"[at]}`);
  const reading = (paths: readonly string[]) => paths.map((path) => need(ask("read", path)));

  test("is granted whole if nearly everything in it was read", () => {
    const used = names("/srv/www", 6);
    const { lines } = suggested(reading(used), hostWith(...used, "/srv/www/other"));
    expect(lines).toMatchObject([{ line: "r /srv/www/**", wider: 1 }]);
  });

  test("is not granted for a part of it, nor where programs share it", () => {
    const used = names("/srv/www", 5);
    const others = Array.from({ length: 5 }, (_, at) => `/srv/www/other${at}`);
    expect(suggested(reading(used), hostWith(...used, ...others)).lines).toHaveLength(5);
    const shared = names("/etc", 6);
    expect(suggested(reading(shared), hostWith(...shared)).lines).toHaveLength(6);
  });

  test("in which the domain makes everything is granted with all letters but x and m", () => {
    const made = names("/var/lib/web", 5).flatMap((path) => [
      need(ask("create", path)),
      need(ask("write", path)),
    ]);
    const found = suggested([...made, need(ask("execute", "/var/lib/web/pagea"))]);
    expect(linesOf(found)).toEqual(["rwc /var/lib/web/**"]);
    expect(found.dangerous.map(({ line }) => line)).toEqual(["x /var/lib/web/pagea"]);
  });

  test.each([
    "/var/lib/web/*",
    "/var/lib/web/x /*",
    "/var/lib/web/{,b}",
    "/var/lib/web/[a-c]",
    "/var/lib/web/${x}",
    "/var/lib/web/\udcff",
  ])("%s is granted as it is written", (folder) => {
    const made = names(folder, 6).map((path) => need(ask("create", path)));
    const kept = Array.from({ length: 9 }, (_, at) => `/var/lib/web/kept${at}`);
    const { after, lines } = suggested(made, hostWith(...kept));
    expect(lines).toHaveLength(1);
    for (const path of ["/etc/a", "/etc/cron.d/a", "/var/lib/web/b/a", "/var/lib/web/x"])
      expect(decide(after, ask("create", path)).outcome, path).toBe("denied");
    expect(decide(after, ask("create", `${folder}/new`)).outcome).toBe("granted");
  });

  test("is not granted for names that are nowhere, however many were asked for", () => {
    const table = names("/var/lib/db", 5);
    const asked = Array.from({ length: 50 }, (_, at) => `/var/lib/db/guess${at}x`);
    for (const there of [table, []]) {
      const found = suggested(reading(asked), hostWith(...there));
      expect([...found.lines, ...found.dangerous]).toHaveLength(50);
    }
  });

  test("is judged by what is in it, too", () => {
    const used = names("/srv/www", 6);
    const { lines, dangerous } = suggested(reading(used), hostWith(...used, "/srv/www/tls.key"));
    expect(lines).toEqual([]);
    expect(dangerous).toMatchObject([{ line: "r /srv/www/**" }]);
  });
});

describe("what a break-in would like", () => {
  test.each([
    ["read", "/etc/shadow"],
    ["read", "/home/someone/.ssh/id_rsa"],
    ["write", "/usr/bin/ls"],
    ["create", "/etc/cron.d/x"],
    ["create", "/etc/systemd/system/x.service"],
    ["write", "/etc/ld.so.preload"],
    ["connect", "/run/docker.sock"],
    ["read", "/dev/sda"],
    ["write", "/proc/sys/kernel/core_pattern"],
    ["create", "/etc/sudoers.d/x"],
    ["create", "/etc/profile.d/x.sh"],
    ["create", "/etc/NetworkManager/dispatcher.d/x"],
    ["create", "/etc/initramfs-tools/hooks/x"],
    ["write", "/etc/alternatives/editor"],
    ["create", "/var/spool/cron/crontabs/root"],
    ["create", "/usr/share/polkit-1/rules.d/x.rules"],
    ["create", "/usr/lib/systemd/system/x.service"],
    ["create", "/usr/share/dbus-1/system-services/x.service"],
    ["create", "/var/lib/postgresql/.ssh/authorized_keys"],
    ["write", "/proc/4711/oom_score_adj"],
    ["write", "/proc/4711/mem"],
    ["read", "/proc/4711/task/4711/environ"],
    ["write", "/sys/fs/cgroup/system.slice/x.service/cgroup.procs"],
    ["read", "/sys/kernel/tracing/trace_pipe"],
    ["read", "/dev/pts/3"],
    ["ioctl", "/dev/kvm"],
    ["read", "/etc/letsencrypt/live/x/privkey.pem"],
    ["read", "/var/backups/shadow.bak"],
    ["connect", "/run/containerd/containerd.sock"],
    ["connect", "/run/podman/podman.sock"],
    ["connect", "/run/libvirt/virtqemud-sock"],
    ["connect", "/run/systemd/private"],
    ["connect", "/run/systemd/io.systemd.Credentials"],
    ["connect", "/run/udev/control"],
    ["connect", "/run/user/1000/bus"],
    ["connect", "@/containerd-shim/x.sock"],
    ["listen", "/run/docker.sock"],
    ["execute", "/usr/bin/dash"],
  ] as const)("%s %s stands apart", (operation, path) => {
    const { lines, dangerous } = suggested([need(ask(operation, path))]);
    expect(lines).toEqual([]);
    // What listens in /run may also remove its socket.
    expect(dangerous).toHaveLength(operation === "listen" ? 2 : 1);
    for (const { dangers } of dangerous) expect(dangers).not.toEqual([]);
  });

  test.each([
    ["read", "/var/lib/private/web/state"],
    ["write", "/var/lib/private/web/state"],
    ["read", "/etc/hosts"],
    ["write", "/proc/4711/task/4712/comm"],
    ["connect", "/run/systemd/journal/socket"],
    ["execute", "/usr/bin/date"],
    ["write", "/var/log/web/access.log"],
  ] as const)("%s %s does not", (operation, path) => {
    expect(suggested([need(ask(operation, path))]).dangerous).toEqual([]);
  });

  test("a pattern is judged by all names that it grants", () => {
    // Not dangerous itself, but as long as `passwd` and `shadow`.
    expect(suggested([need(ask("create", "/run/aB3xY9"))]).lines).toEqual([]);
    expect(suggested([need(ask("create", "/etc/aB3xY9"))]).dangerous[0]?.dangers).toContain(
      "every program trusts it",
    );
    const host = hostWith("/srv/x/web.tls.key");
    const found = suggested([need(ask("create", "/srv/x/web.aB3xY9Z"))], host);
    expect(found.lines).toEqual([]);
    expect(suggested([need(ask("create", "/srv/x/web.aB3xY9Z"))]).lines).toHaveLength(1);
    const own = need(ask("connect", "/run/user/4711/bus"), 4711);
    expect(suggested([own]).lines).toEqual([]);
  });

  test("a folder that would be renamed is judged by what is below it", () => {
    const moved = { ...rename("/etc", "/srv/x/etc"), directory: true } as Request;
    const others = { ...rename("/var/lib", "/var/lib2"), directory: true } as Request;
    for (const request of [moved, others]) {
      const { lines, dangerous } = suggested([need(request)]);
      expect(lines).toEqual([]);
      expect(dangerous).toHaveLength(1);
    }
  });

  test("an abstraction is judged by all its rules", () => {
    const host = hostIncluding("wide", "files: [r /srv/a /srv/b /srv/c /etc/shadow]\n");
    const needs = ["/srv/a", "/srv/b", "/srv/c"].map((path) => need(ask("read", path)));
    const { lines, dangerous } = suggestions(TEXT, load(TEXT) as Policy, needs, host);
    expect(lines).toEqual([]);
    expect(dangerous).toMatchObject([{ section: "include", line: "wide" }]);
  });

  test("a program that the domain wrote, and what another domain reads or runs", () => {
    const own = suggested([ask("create", "/srv/p"), ask("execute", "/srv/p")].map((a) => need(a)));
    expect(own.lines).toEqual([]);
    const granted = suggested([need(ask("map", "/srv/p"))], hostWith(), "files: [rw /srv/p]\n");
    expect(granted.lines).toEqual([]);
    const others = [
      policyOf({ name: "db", names: (load("files: [rx /opt/db/tool]\n") as Policy).names }),
      policyOf({ name: "all", names: (load("files: [rw /srv/**]\n") as Policy).names }),
    ];
    const host = { ...hostWith(), others };
    expect(suggested([need(ask("write", "/opt/db/tool"))], host).lines).toEqual([]);
    expect(linesOf(suggested([need(ask("read", "/opt/db/tool"))], host))).toHaveLength(1);
    expect(linesOf(suggested([need(ask("write", "/srv/mine"))], host))).toHaveLength(1);
  });

  test("calls that reach other processes, sockets of the kernel, signals to other domains", () => {
    const requests: Request[] = [
      { class: "syscall", name: "ptrace" },
      { class: "syscall", name: "unshare" },
      { class: "socket", family: "netlink", protocol: 12 },
      { class: "signal", domain: "db" },
      { class: "capability", name: "net_admin" },
    ];
    for (const request of requests)
      expect(suggested([need(request)]).lines, JSON.stringify(request)).toEqual([]);
    const route: Request = { class: "socket", family: "netlink", protocol: 0 };
    expect(suggested([need(route)]).lines).toHaveLength(1);
  });

  test("the cloud's keys, alone and among every address", () => {
    const at = (...address: number[]): Need =>
      need({
        ...{ class: "address", operation: "connect", protocol: "tcp" },
        ...{ address: Uint8Array.from(address), port: 80 },
      } as Request);
    expect(suggested([at(169, 254, 169, 254)]).lines).toEqual([]);
    expect(suggested([at(8, 8, 8, 8), at(9, 9, 9, 9), at(1, 1, 1, 1)]).lines).toEqual([]);
    expect(suggested([at(8, 8, 8, 8)]).lines).toHaveLength(1);
  });

  test("`jit` for a name that a process gave itself", () => {
    const jit = { class: "memory", kind: "jit" } as const;
    const by = (...programs: string[]): Need => ({ ...need(jit), programs });
    for (const name of ["[node]", "/tmp/node"])
      expect(suggested([by(name)]).lines, name).toEqual([]);
    expect(suggested([by("/usr/bin/node")]).lines).toHaveLength(1);
    const host = hostIncluding("compiles", "files: [r /srv/a]\nmemory: [jit]\n");
    const needs = [need(ask("read", "/srv/a")), by("/tmp/node")];
    const { dangerous } = suggestions(TEXT, load(TEXT) as Policy, needs, host);
    expect(dangerous).toMatchObject([{ section: "include", line: "compiles" }]);
  });

  test("dac_override is as dangerous as what the policy grants", () => {
    const override = need({ class: "capability", name: "dac_override" });
    const under = (files: string) => suggested([override], hostWith(), `files: [${files}]\n`);
    expect(linesOf(under("rwcda /var/log/web/**, r /etc/passwd, rx /usr/bin/dash"))).toEqual([
      "dac_override",
    ]);
    for (const files of ["r /etc/shadow", "r /home/**", "w /etc/passwd"]) {
      const { lines, dangerous } = under(files);
      expect(lines, files).toEqual([]);
      expect(dangerous[0]?.dangers[0]).toMatch(/^owner and mode of \/.* no longer protect it$/);
    }
  });

  test("files that another domain writes, and mighty capabilities", () => {
    const others = [
      policyOf({ name: "db", names: (load("files: [rw /var/lib/db/**]\n") as Policy).names }),
    ];
    const needs = [
      need(ask("read", "/var/lib/db/table")),
      need({ class: "capability", name: "sys_admin" }),
      need({ class: "capability", name: "chown" }),
    ];
    const { lines, dangerous } = suggested(needs, { ...hostWith(), others });
    expect(lines.map(({ line }) => line)).toEqual(["chown"]);
    expect(dangerous.map(({ line }) => line)).toEqual(["r /var/lib/db/table", "sys_admin"]);
  });
});

test("a hostile name is granted as it is, and nothing else", () => {
  const names = [
    "/srv/a\nb",
    "/srv/*",
    "/srv/a b",
    "/srv/\u202egpj",
    "/srv/\udcff",
    "/srv/${x}",
    "/srv/'\"#: -",
  ];
  for (const path of names) {
    const { after, lines } = suggested([need(ask("read", path))]);
    expect(lines, path).toHaveLength(1);
    expect(decide(after, ask("read", path)).outcome, path).toBe("granted");
    for (const other of ["/srv/a", "/srv/b", "/srv/ab", "/srv/x", "/srv/gpj", "/srv/"])
      expect(decide(after, ask("read", other)).outcome, `${path} ${other}`).toBe("denied");
  }
});

test("a deny of the policy and Cofferdam's own objects stay as they are", () => {
  const text = "files: [deny r /srv/secret]\n";
  const { lines, beyond } = suggested([need(ask("read", "/srv/secret"))], hostWith(), text);
  expect(lines).toEqual([]);
  expect(beyond).toMatchObject([{ reason: "rule" }]);
});

test("an abstraction is proposed if enough of it was needed", () => {
  const host = hostIncluding("names", "files: [r /etc/a /etc/b /etc/c /etc/d]\n");
  const found = (...paths: string[]) =>
    suggestions(
      TEXT,
      load(TEXT) as Policy,
      paths.map((path) => need(ask("read", path))),
      host,
    );
  expect(found("/etc/a", "/etc/b", "/etc/c").lines).toMatchObject([
    { section: "include", line: "names" },
  ]);
  expect(found("/etc/a").lines).toMatchObject([{ section: "files", line: "r /etc/a" }]);
});

test("a word alone leads to no abstraction, and no denial of what was asked is proposed", () => {
  const proposed = (rules: string, ...needs: Need[]) => {
    const host = hostIncluding("other", rules);
    const { lines, dangerous } = suggestions(TEXT, load(TEXT) as Policy, needs, host);
    return [...lines, ...dangerous].map(({ section }) => section);
  };
  const bind = need({ class: "capability", name: "net_bind_service" });
  const web = "network: [listen tcp 80]\ncapabilities: [net_bind_service]\n";
  expect(proposed(web, bind)).toEqual(["capabilities"]);
  const [asked, refused] = ["/srv/a", "/srv/b"].map((path) => need(ask("read", path)));
  const rules = "files: [r /srv/a, deny r /srv/b]\n";
  expect(proposed(rules, asked as Need)).toEqual(["include"]);
  expect(proposed(rules, asked as Need, refused as Need)).toEqual(["files", "files"]);
});

test("an abstraction that brings a word is proposed if the word was asked for, too", () => {
  const host = hostIncluding("clock", "files: [r /etc/clock]\ncapabilities: [sys_time]\n");
  const read = need(ask("read", "/etc/clock"));
  const set = need({ class: "capability", name: "sys_time" });
  const proposed = (...needs: Need[]) =>
    suggestions(TEXT, load(TEXT) as Policy, needs, host).lines.map(({ section }) => section);
  expect(proposed(read)).toEqual(["files"]);
  const { lines, dangerous } = suggestions(TEXT, load(TEXT) as Policy, [read, set], host);
  expect([...lines, ...dangerous]).toMatchObject([{ section: "include", line: "clock" }]);
});

test("addresses of one service and ports of the kernel's choice become one line", () => {
  const address = (operation: "connect" | "listen", last: number, port: number) =>
    need({
      class: "address",
      operation,
      protocol: "tcp",
      address: operation === "listen" ? new Uint8Array(4) : Uint8Array.from([10, 0, 0, last]),
      port,
    });
  const { lines, dangerous } = suggested([
    ...[1, 2, 3].map((last) => address("connect", last, 443)),
    address("connect", 1, 5432),
    ...[40_000, 50_001].map((port) => address("listen", 0, port)),
  ]);
  expect(lines.map(({ line }) => line)).toEqual([
    "connect tcp 10.0.0.0/8:443",
    "connect tcp 10.0.0.1:5432",
  ]);
  expect(dangerous).toMatchObject([{ line: "listen tcp 32768-60999" }]);
});

test("a socket has a line of `network` alone, whatever else is lacking", () => {
  const { lines, beyond } = suggested(
    [
      ask("connect", "/run/web/a"),
      ask("read", "/srv/a"),
      { class: "capability", name: "chown" } as Request,
    ].map((request) => need(request)),
    hostWith(),
    "network:\n  - listen tcp 80\n",
  );
  expect(lines.map(({ line }) => line).toSorted()).toEqual([
    "chown",
    "connect unix /run/web/a",
    "r /srv/a",
  ]);
  expect(beyond).toEqual([]);
});

test("a flood of names leaves a policy that can be read, and some lines", () => {
  const flood = Array.from({ length: 4_000 }, (_, at) =>
    need(ask("read", `/srv/${"a".repeat(150)}/${at % 100}/x${at}`)),
  );
  const { lines, beyond } = suggestions(TEXT, load(TEXT) as Policy, flood, hostWith());
  expect(lines.length).toBeGreaterThan(1_000);
  expect(beyond.length + lines.length).toBe(4_000);
  expect(Buffer.byteLength(addLines(TEXT, lines))).toBeLessThanOrEqual(POLICY_BYTES_MAX);
}, 300_000);

test("floods of renames, addresses and deep names end soon", () => {
  const chain = Array.from({ length: 1_000 }, (_, at) =>
    need(rename(`/srv/${at}x`, `/srv/${at + 1}x`)),
  );
  const addresses = Array.from({ length: 1_000 }, (_, at) =>
    need({
      ...{ class: "address", operation: "connect", protocol: "tcp", port: 443 },
      address: Uint8Array.from([9, 9, at >> 8, at & 255]),
    } as Request),
  );
  const deep = Array.from({ length: 300 }, (_, at) =>
    need(ask("read", `/srv/${at}x${"/a".repeat(1_500)}`)),
  );
  const needs = [...chain, ...addresses, ...deep];
  // Its guard is the test's own limit of time, which a square in any of them would exceed.
  expect(suggestions(TEXT, load(TEXT) as Policy, needs, hostWith())).not.toEqual([]);
}, 300_000);
