import { describe, expect, test } from "vitest";
import type { PermissionName } from "../../src/model/permission.ts";
import type { Policy } from "../../src/model/policy.ts";
import { type DangerContext, judgeDangers } from "../../src/suggest/dangers.ts";
import { suggestions } from "../../src/suggest/suggestions.ts";
import { ask, hostIncluding, hostWith, load, need, TEXT } from "./a-host.ts";

const policy = load(TEXT) as Policy;

/** Of a line by itself, whatever was asked. */
function dangersOf(section: "files" | "network", line: string, more: Partial<DangerContext> = {}) {
  const { isSetUserId } = hostWith().tree;
  const judge = judgeDangers({ before: policy, after: policy, others: [], isSetUserId, ...more });
  return judge({ section, line, because: null, needs: [], wider: null });
}

describe("metadata servers of clouds", () => {
  test.each([
    "connect tcp 80",
    "connect tcp *",
    "connect tcp 1-65535",
    "connect tcp 169.254.169.254:80",
    "connect tcp 169.254.0.0/16:80",
    "connect tcp 443 169.254.169.252/30:1-1024",
    "connect tcp 0.0.0.0/0:80",
    "connect tcp [fd00:ec2::254]:80",
    "connect tcp [fd00:0ec2:0:0::0254]:80",
    "connect tcp [fd00::/8]:*",
    "connect tcp [::/0]:80",
    "connect tcp [64:ff9b::169.254.169.254]:80",
    "connect tcp 168.63.129.16:80",
  ])("are reached by %s", (line) => {
    expect(dangersOf("network", line)).toEqual([expect.stringMatching(/^a cloud's server at /)]);
  });

  test.each([
    "connect tcp 443",
    "connect tcp 10.0.0.0/8:80",
    "connect tcp 169.254.169.253:80",
    "connect tcp 169.254.169.254:443",
    "connect udp 169.254.169.254:123",
    "listen tcp 80",
    "connect tcp [2001:db8::a9fe:a9fe]:80",
  ])("are not reached by %s", (line) => {
    expect(dangersOf("network", line)).toEqual([]);
  });

  test("are seen in an abstraction's addresses, and in a range that suggest makes", () => {
    const host = hostIncluding("web", "files: [r /a]\nnetwork: [connect tcp 80]\n");
    const found = suggestions(TEXT, policy, [need(ask("read", "/a"))], host);
    expect(found.dangerous).toMatchObject([{ section: "include", line: "web" }]);
    const seen = [1, 2, 3].map((last) =>
      need({
        class: "address",
        operation: "connect",
        protocol: "tcp",
        address: Uint8Array.from([8, 8, 8, last]),
        port: 80,
      }),
    );
    const { lines, dangerous } = suggestions(TEXT, policy, seen, hostWith());
    expect(lines).toEqual([]);
    expect(dangerous).toMatchObject([{ line: "connect tcp 80" }]);
  });
});

test("ports of logins and of other domains", () => {
  const text = "network: [listen tcp 5432, listen udp 0, listen udp 32768-60999]\n";
  const others = { listeners: [{ ...(load(text) as Policy), name: "postgres" }] };
  expect(dangersOf("network", "listen tcp 22", others)).toEqual([
    expect.stringMatching(/^port 22 is that of ssh/),
  ]);
  expect(dangersOf("network", "listen tcp 1-64", others)).toHaveLength(1);
  for (const line of ["listen tcp 0", "listen tcp 32768-60999", "listen tcp 127.0.0.1:1025-1089"])
    expect(dangersOf("network", line)).toEqual([expect.stringMatching(/ a port of its choice$/)]);
  for (const line of ["listen tcp 5432", "listen tcp 127.0.0.1:5420-5440"])
    expect(dangersOf("network", line, others)).toEqual([
      expect.stringMatching(/^domain postgres listens .* 5432/),
    ]);
  for (const line of [
    "listen udp 5432",
    "listen tcp 5433",
    "listen udp 0",
    "listen udp 40000-50000",
  ])
    expect(dangersOf("network", line, others)).toEqual([]);
});

describe("programs and folders", () => {
  test.each(["rx /usr/bin/sudo", "rx /usr/bin/su", "rx /usr/bin/mount", "rx /opt/vendor/as-root"])(
    "%s acts as another user",
    (line) => {
      expect(dangersOf("files", line)).toContainEqual(
        expect.stringMatching(/acts as another user/),
      );
    },
  );

  test.each([
    "r /mnt/**",
    "r /media/*",
    "r /media/someone/**",
    "rw /run/media/someone/**",
    "r /net/**",
    "r /backup/**",
    "r /.snapshots/**",
    "r /var/mail/**",
    "r /var/spool/mail/someone",
  ])("%s reaches what belongs to others", (line) => {
    expect(dangersOf("files", line)).not.toEqual([]);
  });

  test.each(["r /usr/bin/sudo", "rx /usr/bin/date", "r /mnt/shop/**", "rw /srv/web/backup/x"])(
    "%s does not",
    (line) => {
      expect(dangersOf("files", line)).toEqual([]);
    },
  );
});

describe("a rotated log", () => {
  const lineFor = (operation: PermissionName, path: string) => {
    const known = path.slice(0, path.lastIndexOf("."));
    const found = suggestions(TEXT, policy, [need(ask(operation, path))], hostWith(known));
    return [...found.lines, ...found.dangerous].map(({ line }) => line.replace(/^\w+ /, ""));
  };

  test.each([
    ["read", "/usr/bin/python3.11"],
    ["execute", "/srv/app/python3.11"],
    ["map", "/srv/app/engine.2"],
    ["read", "/usr/share/doc/python3.11"],
    ["read", "/opt/tool/config.2"],
  ] as const)("is not %s of %s", (operation, path) => {
    expect(lineFor(operation, path)).toEqual([path]);
  });

  test("is no folder on the way", () => {
    const asked = [need(ask("read", "/srv/lib/python3.11/os.py"))];
    const { lines } = suggestions(TEXT, policy, asked, hostWith("/srv/lib/python3"));
    expect(lines.map(({ line }) => line)).toEqual(["r /srv/lib/python3.11/os.py"]);
  });

  test("is one that is read, too", () => {
    expect(lineFor("read", "/var/log/web/access.log.2")).toEqual([
      "/var/log/web/access.log.[0-9]*",
    ]);
  });
});
