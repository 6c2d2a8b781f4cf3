import { beforeEach, describe, expect, test, vi } from "vitest";
import { Lent } from "../../src/machines/proxy/lent.ts";
import type { Message } from "../../src/machines/proxy/lines.ts";
import type { Resource } from "../../src/machines/resource.ts";

let granted: Map<string, readonly Resource[]>;
let lent: Lent;
/** What the emulator says of what goes on. */
let status: string;
/** Exports that there are. */
let exported: readonly string[];
/** Commands that it was given, and what was granted at that moment. */
let asked: string[];
const grants = {
  grant: async (key: string, resources: readonly Resource[]) => void granted.set(key, resources),
  forget: async (key: string) => void granted.delete(key),
};
beforeEach(() => {
  granted = new Map();
  [asked, status, exported] = [[], "active", ["e"]];
  lent = new Lent(grants, "/here", emulator);
});

const emulator = async ({ execute }: Message): Promise<Message> => {
  asked.push(`${execute}: ${places()}`);
  if (execute === "query-migrate" || execute === "query-dump")
    return { return: status === "" ? {} : { status } };
  if (execute === "query-block-exports") return { return: exported.map((id) => ({ id })) };
  return status === "refused" ? { error: { class: "GenericError" } } : { return: {} };
};

function places(): string {
  const all = [...granted.values()].flat();
  return all
    .map((one) => {
      if (one.kind === "address")
        return `${one.operation} ${one.protocol} ${one.host}:${one.ports.first}`;
      if (one.kind === "socket") return `${one.operation} ${one.path}`;
      if (one.kind === "image") return `image ${one.access} ${one.path}`;
      return one.kind === "file" ? `${one.use} ${one.path}` : one.kind;
    })
    .join(", ");
}

const pass = (execute: string, args: Record<string, unknown> = {}): Promise<Message> =>
  lent.pass({ execute, arguments: args }, emulator);
const channel = (addr: Record<string, string>) => ({
  channels: [{ "channel-type": "main", addr }],
});

describe("is granted before the emulator is asked", () => {
  test.each([
    ["migrate", { uri: "tcp:192.0.2.1:4444" }, "connect tcp 192.0.2.1:4444"],
    ["migrate", { uri: "tcp:[2001:db8::1]:4444" }, "connect tcp 2001:db8::1:4444"],
    ["migrate", { uri: "unix:m.sock" }, "connect /here/m.sock"],
    ["migrate", { uri: "file:/srv/state,offset=0x1000" }, "log /srv/state"],
    [
      "migrate",
      channel({ transport: "socket", type: "inet", host: "192.0.2.1", port: "1" }),
      "connect tcp 192.0.2.1:1",
    ],
    ["migrate", channel({ transport: "socket", type: "unix", path: "/m" }), "connect /m"],
    [
      "migrate",
      channel({ transport: "file", filename: "/srv/state", offset: "0" }),
      "log /srv/state",
    ],
    ["migrate-incoming", { uri: "tcp:0:4444" }, "listen tcp 0:4444"],
    ["migrate-incoming", channel({ transport: "socket", type: "unix", path: "/m" }), "listen /m"],
    ["migrate-recover", { uri: "unix:/m" }, "listen /m"],
    ["dump-guest-memory", { paging: false, protocol: "file:/srv/a:b,c" }, "log /srv/a:b,c"],
    ["nbd-server-start", { addr: { type: "unix", data: { path: "nbd" } } }, "listen /here/nbd"],
    [
      "nbd-server-start",
      { addr: { type: "inet", data: { host: "::1", port: "1" } } },
      "listen tcp ::1:1",
    ],
    [
      "block-export-add",
      { type: "vhost-user-blk", id: "e", addr: { type: "unix", path: "/e" } },
      "listen /e",
    ],
    ["block-export-add", { type: "nbd", id: "e", "node-name": "n" }, ""],
    [
      "display-update",
      {
        type: "vnc",
        addresses: [
          { type: "unix", path: "/v" },
          { type: "inet", host: "::1", port: "5901" },
        ],
      },
      "listen /v, listen tcp ::1:5901",
    ],
  ])("%s %j", async (execute, args, place) => {
    expect(await pass(execute, args)).toEqual({ return: {} });
    expect(asked[0]).toBe(`${execute}: ${place}`);
    expect(places()).toBe(place);
  });
});

test.each([
  ["memsave", { val: 0, size: 1, filename: "/srv/m" }, "log /srv/m"],
  ["pmemsave", { val: 0, size: 1, filename: "/srv/m" }, "log /srv/m"],
  ["screendump", { filename: "s.ppm" }, "log /here/s.ppm"],
  ["dumpdtb", { filename: "/srv/d" }, "log /srv/d"],
  ["xen-save-devices-state", { filename: "/srv/x" }, "log /srv/x"],
  ["xen-load-devices-state", { filename: "/srv/x" }, "read /srv/x"],
])("%s is granted its file until it is answered", async (execute, args, place) => {
  await pass(execute, args);
  expect(asked).toEqual([`${execute}: ${place}`]);
  expect(places()).toBe("");
});

describe("is refused, and the emulator is not asked", () => {
  test.each<[Record<string, unknown>, RegExp, string?]>([
    [{ paging: false, protocol: "fd:dump" }, /`fd:dump` is not allowed/, "dump-guest-memory"],
    [{ filename: "/x", fd: 3 }, /`fd` is not known of screendump/, "screendump"],
    [{ addr: { type: "fd", data: { str: "3" } } }, /`fd` is not allowed/, "nbd-server-start"],
    [{ type: "fuse", id: "e", mountpoint: "/m" }, /by `fuse` is not allowed/, "block-export-add"],
    [
      { type: "vduse-blk", id: "e", name: "/m" },
      /by `vduse-blk` is not allowed/,
      "block-export-add",
    ],
    [{ id: "a", filename: "/a" }, /`format=` is missing/, "blockdev-change-medium"],
    [{ id: "c", backend: { type: "pty", data: {} } }, /`pty` device/, "chardev-change"],
    [{ uri: "exec:cat > /etc/shadow" }, /`migrate exec:cat.*over `exec:` is not allowed/],
    [{ uri: "fd:4" }, /over `fd:`/],
    [{ uri: "vsock:2:1" }, /over `vsock:`/],
    [{ uri: "rdma:h:1" }, /over `rdma:`/],
    [{ uri: { toString: 0 } }, /`addr.transport=` is missing/],
    [channel({ transport: "exec" }), /over `exec` is not allowed/],
    [channel({ transport: "rdma" }), /over `rdma` is not allowed/],
    [channel({ transport: "socket", type: "fd", str: "3" }), /`fd` is not allowed/],
    [
      channel({ transport: "socket", type: "vsock", cid: "2", port: "1" }),
      /`vsock` is not allowed/,
    ],
    [
      { channels: [{ "channel-type": "cpr", addr: { transport: "socket" } }] },
      /a channel `cpr` is not allowed/,
    ],
    [{ channels: ["exec:id"] }, /is not allowed/],
  ])("%j", async (args, why, execute = "migrate") => {
    const instead = expect.stringMatching(/^(use|say|no descriptor|name|give|write|leave|export)/);
    await expect(pass(execute, args)).rejects.toMatchObject({
      message: expect.stringMatching(why),
      help: instead,
    });
    expect(asked).toEqual([]);
    expect(places()).toBe("");
  });
});

describe("is granted no longer", () => {
  test("when the emulator refuses; a running migration keeps its grant", async () => {
    await pass("migrate", { uri: "unix:/first" });
    status = "refused";
    expect(await pass("migrate", { uri: "unix:/second" })).toHaveProperty("error");
    await lent.pass({ execute: "migrate", arguments: { uri: "unix:/second" } }, async () => ({
      neither: 0,
    }));
    expect(places()).toBe("connect /first");
  });

  test("when it was cancelled; the first one's end is not the next one's", async () => {
    await pass("migrate", { uri: "unix:/first" });
    let answer: (message: Message) => void = () => undefined;
    const second = lent.pass({ execute: "migrate", arguments: { uri: "unix:/second" } }, () => {
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    status = "cancelled";
    await lent.told({ event: "MIGRATION", data: { status: "cancelled" } }, emulator);
    expect(places()).toBe("connect /second");
    status = "setup";
    answer({ return: {} });
    await second;
    await lent.told({ event: "MIGRATION", data: { status: "cancelled" } }, emulator);
    expect(places()).toBe("connect /second");
  });

  test.each(["completed", "failed", "cancelled", "none", "", "never heard of"])(
    "when a client hears that it is over: `%s`",
    async (over) => {
      await pass("migrate", { uri: "unix:/m" });
      await pass("query-migrate");
      expect(places()).toBe("connect /m");
      status = over;
      await pass("query-migrate");
      expect(places()).toBe("");
    },
  );

  test("when an event says so and the emulator confirms it", async () => {
    await pass("migrate", { uri: "unix:/first" });
    await lent.told({ event: "MIGRATION", data: { status: "cancelled" } }, emulator);
    expect(places()).toBe("connect /first");
    status = "cancelled";
    await lent.told({ event: "MIGRATION", data: { status: "active" } }, emulator);
    expect(places()).toBe("");
  });

  test("when the command that ends it is answered well", async () => {
    await pass("nbd-server-start", { addr: { type: "unix", data: { path: "/nbd" } } });
    expect(places()).toBe("listen /nbd");
    await pass("nbd-server-stop");
    expect(places()).toBe("");
  });

  test("when another medium is in its place, or the tray is empty", async () => {
    const medium = (id: string, filename: string) => ({ id, filename, format: "raw" });
    await pass("blockdev-change-medium", medium("a", "/a"));
    await pass("blockdev-change-medium", medium("b", "/b"));
    expect(places()).toBe("image read /a, image read /b");
    await pass("blockdev-change-medium", medium("a", "/c"));
    expect(places()).toBe("image read /b, image read /c");
    await pass("eject", { id: "b" });
    await pass("blockdev-remove-medium", { id: "a" });
    expect(places()).toBe("");
  });

  test("when a node that was opened anew, or a chardev that was changed, is removed", async () => {
    const node = { driver: "raw", "node-name": "n", file: { driver: "file", filename: "/n" } };
    await pass("blockdev-reopen", { options: [{ ...node, "read-only": false }] });
    const backend = {
      type: "socket",
      data: { addr: { type: "unix", data: { path: "/c" } }, server: true },
    };
    await pass("chardev-change", { id: "c", backend });
    expect(places()).toBe("image read-write /n, listen /c");
    await pass("blockdev-del", { "node-name": "n" });
    await pass("chardev-remove", { id: "c" });
    expect(places()).toBe("");
  });

  test("when a dump is complete, or an export is gone, and not one with another name", async () => {
    const socket = (path: string) => ({
      type: "vhost-user-blk",
      id: path,
      addr: { type: "unix", path },
    });
    exported = ["/first", "/second"];
    await pass("block-export-add", socket("/first"));
    await pass("block-export-add", socket("/second"));
    exported = ["/second"];
    await lent.told({ event: "BLOCK_EXPORT_DELETED", data: { id: "/second" } }, emulator);
    expect(places()).toBe("listen /second");
    status = "active";
    await pass("dump-guest-memory", { paging: false, detach: true, protocol: "file:/d" });
    await lent.told({ event: "DUMP_COMPLETED" }, emulator);
    expect(places()).toBe("listen /second, log /d");
    status = "completed";
    await lent.told({ event: "DUMP_COMPLETED" }, emulator);
    expect(places()).toBe("listen /second");
    // The event comes before the answer unless another command waits.
    await pass("dump-guest-memory", { paging: false, protocol: "file:/d" });
    expect(places()).toBe("listen /second");
  });

  test("when the machine that was started with -incoming has come", async () => {
    vi.useFakeTimers();
    try {
      granted.set("incoming", [{ kind: "socket", operation: "listen", path: "/in" } as Resource]);
      status = "setup";
      lent = new Lent(grants, "/here", emulator, true);
      await vi.advanceTimersByTimeAsync(3_500);
      expect(places()).toBe("listen /in");
      status = "completed";
      await vi.advanceTimersByTimeAsync(1_000);
      expect(places()).toBe("");
    } finally {
      vi.useRealTimers();
    }
  });

  test("without a question or an event", async () => {
    vi.useFakeTimers();
    try {
      await pass("migrate", { uri: "unix:/m" });
      await vi.advanceTimersByTimeAsync(3_500);
      expect(places()).toBe("connect /m");
      status = "failed";
      await vi.advanceTimersByTimeAsync(1_000);
      expect(places()).toBe("");
      const before = asked.length;
      await vi.advanceTimersByTimeAsync(10_000);
      expect(asked).toHaveLength(before);
    } finally {
      vi.useRealTimers();
    }
  });
});
