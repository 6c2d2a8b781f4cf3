import { realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Parent } from "../../src/machines/parents.ts";
import { type ImageGrants, Images } from "../../src/machines/proxy/images.ts";
import type { Message } from "../../src/machines/proxy/lines.ts";
import { imagesMade } from "../../src/machines/qemu/image-making.ts";
import type { Resource } from "../../src/machines/resource.ts";
import type { KnownImage } from "../../src/machines/stands-on.ts";
import { scratchFolder } from "../support/scratch.ts";
import { cloneOf } from "./qcow2-header.ts";

let folder: string;
let granted: Map<string, readonly Resource[]>;
let onlyRead: string[];
let accepted: Record<string, readonly Parent[]>;
let known: Map<string, KnownImage>;
let images: Images;
/** What the emulator does when it is asked, and what it answers. */
let emulator: (command: Message) => Message;
let jobs: readonly Message[];
let forgets: (piece: string) => Promise<void>;
const asked: string[] = [];
beforeEach(() => {
  folder = realpathSync(scratchFolder("images"));
  granted = new Map();
  [onlyRead, accepted, jobs] = [[], {}, []];
  asked.length = 0;
  forgets = async (piece) => void granted.delete(piece);
  emulator = () => ({ return: {} });
  const base = { role: "parent", path: at("base.img"), format: "raw" } as const;
  known = new Map([
    [at("disk.qcow2"), { format: "qcow2", stands: [base], isParent: false }],
    [at("base.img"), { format: "raw", stands: [], isParent: true }],
  ]);
  const grants: ImageGrants = {
    grant: async (piece, resources) => void granted.set(piece, resources),
    forget: (piece) => forgets(piece),
    become: async (piece, image, below) => {
      granted.set(piece, [image]);
      onlyRead.push(...below);
    },
    onlyRead: async (names) => void onlyRead.push(...names),
    imageOf: (piece) =>
      piece === "blockdev over" ? { name: at("over.qcow2"), format: "qcow2" } : null,
    images: () => known,
    nameOf: (path) => path,
    accept: async (parents) => void Object.assign(accepted, parents),
  };
  images = new Images(grants, folder);
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);
const execute = async (command: Message): Promise<Message> => {
  if (command.execute === "query-jobs") return { return: jobs };
  asked.push(`${command.execute}: ${told()}`);
  return emulator(command);
};
const pass = (name: string, given: Message): Promise<Message> =>
  images.pass({ execute: name, arguments: given }, execute);

function told(): string {
  const all = [...granted.values()].flat().map((one) => {
    if (one.kind === "image") return `image ${one.format} ${one.access} ${one.parents} ${one.path}`;
    return one.kind === "file" ? `${one.use} ${one.path}` : one.kind;
  });
  return all.join(", ").replaceAll(`${folder}/`, "");
}

const snapshot = (file: string, more: Message = {}): Message => ({
  device: "d",
  "snapshot-file": at(file),
  ...more,
});
/** The emulator writes such an overlay. */
const writes =
  (file: string, parent: string, parentFormat = "qcow2") =>
  (): Message => {
    writeFileSync(at(file), cloneOf(parent, parentFormat));
    return { return: {} };
  };

describe("which images a command makes", () => {
  const said = (command: string, given: Message): string =>
    imagesMade(command, given, "/here")
      .map(
        ({ path, format, isMade, use, job }) =>
          `${use} ${format} ${path}${isMade ? "" : " there"} ${job}`,
      )
      .join(", ");
  const backup = { device: "d", sync: "full", target: "/b", format: "qcow2" };
  test.each<[string, Message, string]>([
    [
      "blockdev-snapshot-sync",
      { device: "d", "snapshot-file": "o.qcow2" },
      "overlay qcow2 /here/o.qcow2 null",
    ],
    [
      "blockdev-snapshot-sync",
      { "node-name": "n", "snapshot-file": "file:/o", mode: "existing" },
      "overlay qcow2 /o there null",
    ],
    ["drive-backup", backup, "target qcow2 /b null"],
    [
      "drive-mirror",
      { ...backup, "job-id": "j", format: "raw", mode: "existing" },
      "target raw /b there j",
    ],
    [
      "blockdev-create",
      { "job-id": "j", options: { driver: "file", filename: "/f", size: 1 } },
      "file raw /f j",
    ],
    [
      "blockdev-create",
      {
        "job-id": "j",
        options: { driver: "qcow2", file: "n", size: 1, "backing-file": "/etc/shadow" },
      },
      "",
    ],
    [
      "transaction",
      {
        actions: [
          { type: "blockdev-snapshot-sync", data: { device: "d", "snapshot-file": "/o" } },
          { type: "block-dirty-bitmap-add", data: { node: "n", name: "b" } },
          { type: "drive-backup", data: backup },
        ],
      },
      "overlay qcow2 /o null, target qcow2 /b null",
    ],
  ])("%s %j", (command, given, expected) => expect(said(command, given)).toBe(expected));

  test.each<[string, Message, RegExp]>([
    [
      "blockdev-snapshot-sync",
      { device: "d", "snapshot-file": "ssh://h/o" },
      /`ssh:` is not opened as a file/,
    ],
    [
      "blockdev-snapshot-sync",
      { device: "d", "snapshot-file": "/o", format: "vmdk" },
      /format `vmdk` is not known/,
    ],
    ["blockdev-snapshot-sync", { device: "d" }, /`snapshot-file=` is missing/],
    ["drive-backup", { device: "d", sync: "full", target: "/b" }, /`format=` is missing/],
    ["drive-mirror", { ...backup, target: "nbd://h/e" }, /`nbd:` is not opened as a file/],
    ["drive-mirror", { ...backup, fd: "3" }, /`fd` is not known of drive-mirror/],
    [
      "blockdev-create",
      { "job-id": "j", options: { driver: "ssh", location: { path: "/x" } } },
      /driver `ssh`/,
    ],
    [
      "transaction",
      { actions: [{ type: "drive-backup", data: { ...backup, target: "json:{}" } }] },
      /`json:`/,
    ],
  ])("%s %j is refused", (command, given, why) => expect(() => said(command, given)).toThrow(why));
});

test("a snapshot is made and written; images below are read-only and recorded", async () => {
  emulator = writes("o.qcow2", at("disk.qcow2"));
  expect(await pass("blockdev-snapshot-sync", snapshot("o.qcow2"))).toEqual({ return: {} });
  expect(asked).toEqual([
    "blockdev-snapshot-sync: make o.qcow2, image qcow2 read-write none o.qcow2",
  ]);
  expect(told()).toBe("image qcow2 read-write none o.qcow2");
  expect(onlyRead).toEqual([at("disk.qcow2")]);
  expect(accepted[at("o.qcow2")]?.map(({ path }) => path)).toEqual([
    at("disk.qcow2"),
    at("base.img"),
  ]);
});

test("a node over another has its header's parent, if it is the machine's own", async () => {
  writes("over.qcow2", at("disk.qcow2"))();
  const actions = [{ type: "blockdev-snapshot", data: { node: "n", overlay: "over" } }, null];
  await pass("transaction", { actions });
  await pass("blockdev-snapshot", { node: "n", overlay: "of nobody" });
  expect(onlyRead).toEqual([at("disk.qcow2")]);
  expect(accepted[at("over.qcow2")]?.map(({ path }) => path)).toEqual([
    at("disk.qcow2"),
    at("base.img"),
  ]);
  writes("over.qcow2", "/etc/shadow", "raw")();
  accepted = {};
  await expect(pass("blockdev-snapshot", { node: "n", overlay: "over" })).rejects.toThrow(
    /not an image of this machine/,
  );
  expect(accepted).toEqual({});
});

test.each([
  [
    "names what is none of its images",
    "/etc/shadow",
    "raw",
    /which is not an image of this machine/,
  ],
  ["names one in another format", "base.img", "qcow2", /which is not an image of this machine/],
  ["names what is no file", "nbd://h/e", "raw", /not a plain file/],
])(
  "a header that %s is not believed: the record says that the image stands on nothing",
  async (_, parent, format, why) => {
    emulator = writes("o.qcow2", parent, format);
    await expect(pass("blockdev-snapshot-sync", snapshot("o.qcow2"))).rejects.toThrow(why);
    expect(told()).toBe("image qcow2 read-write none o.qcow2");
    expect(onlyRead).toEqual([]);
    expect(accepted).toEqual({ [at("o.qcow2")]: [] });
  },
);

test("a link in the image's place is granted nothing, and where it leads is not read", async () => {
  emulator = () => {
    symlinkSync(at("elsewhere.qcow2"), at("o.qcow2"));
    return writes("elsewhere.qcow2", at("disk.qcow2"))();
  };
  await expect(pass("blockdev-snapshot-sync", snapshot("o.qcow2"))).rejects.toThrow(/is a link/);
  expect([told(), onlyRead, accepted]).toEqual(["", [], { [at("o.qcow2")]: [] }]);
});

test("an answer that is none is a refusal", async () => {
  emulator = () => ({ neither: 0 });
  await pass("blockdev-snapshot-sync", snapshot("o.qcow2"));
  await pass("block-commit", { device: "d", base: at("base.img") });
  expect([told(), onlyRead]).toEqual(["", []]);
});

test("if the emulator refuses, no image of a transaction stays granted", async () => {
  emulator = () => ({ error: { class: "GenericError" } });
  const actions = ["a", "b"].map((file) => ({
    type: "blockdev-snapshot-sync",
    data: snapshot(file),
  }));
  expect(await pass("transaction", { actions })).toHaveProperty("error");
  expect(asked).toEqual([
    "transaction: make a, image qcow2 read-write none a, make b, image qcow2 read-write none b",
  ]);
  expect(told()).toBe("");
});

test("where one of them cannot be taken away at the moment, the others are", async () => {
  forgets = async (piece) => {
    if (piece === "image 1") throw new Error("no agent");
    granted.delete(piece);
  };
  emulator = () => ({ error: {} });
  const actions = ["a", "b"].map((file) => ({
    type: "blockdev-snapshot-sync",
    data: snapshot(file),
  }));
  await expect(pass("transaction", { actions })).rejects.toThrow("no agent");
  expect([...granted.keys()]).toEqual(["image 1"]);
});

test("what other images stand on is not made anew", async () => {
  await expect(pass("blockdev-snapshot-sync", snapshot("base.img"))).rejects.toThrow(
    /the parent of other images/,
  );
  expect([asked, told()]).toEqual([[], ""]);
});

test("a copy is granted until its job has ended, or longer if the machine uses it", async () => {
  const copy = (name: string): Message => ({
    device: "d",
    "job-id": name,
    sync: "full",
    target: at(name),
    format: "raw",
  });
  jobs = [
    { id: "backup", status: "running" },
    { id: "mirror", status: "ready" },
  ];
  await pass("drive-backup", copy("backup"));
  await pass("drive-mirror", copy("mirror"));
  expect(told()).toBe("image raw read-write none backup, image raw read-write none mirror");
  jobs = [
    { id: "backup", status: "concluded" },
    { id: "mirror", status: "ready" },
  ];
  await images.told({ event: "JOB_STATUS_CHANGE" }, execute);
  expect(told()).toBe("image raw read-write none mirror");
  await pass("block-job-complete", { device: "mirror" });
  jobs = [];
  await images.told({ event: "JOB_STATUS_CHANGE" }, execute);
  expect(told()).toBe("image raw read-write none mirror");
});

test("a copy without a job name stays granted while any job runs", async () => {
  jobs = [{ id: "whatever QEMU calls it", status: "running" }];
  await pass("drive-backup", { device: "node", sync: "full", target: at("b"), format: "raw" });
  expect(told()).toBe("image raw read-write none b");
  jobs = [{ id: "whatever QEMU calls it", status: "concluded" }];
  await images.told({ event: "JOB_STATUS_CHANGE" }, execute);
  expect(told()).toBe("");
});

test("a file is made by a job, and is out of reach when that has ended", async () => {
  jobs = [{ id: "j", status: "running" }];
  await pass("blockdev-create", {
    "job-id": "j",
    options: { driver: "file", filename: at("f"), size: 1 },
  });
  expect(told()).toBe("make f, image raw read-write none f");
  expect(accepted).toEqual({ [at("f")]: [] });
  jobs = [{ id: "j", status: "null" }];
  await images.told({ event: "JOB_STATUS_CHANGE" }, execute);
  expect(told()).toBe("");
});

describe("block-commit", () => {
  test("writes into the parent that is named, until its job has ended", async () => {
    jobs = [{ id: "d", status: "running" }];
    await pass("block-commit", { device: "d", base: at("base.img") });
    expect(asked).toEqual(["block-commit: image raw read-write none base.img"]);
    expect(told()).toBe("image raw read-write none base.img");
    jobs = [];
    await images.told({ event: "JOB_STATUS_CHANGE" }, execute);
    expect(told()).toBe("");
  });

  test.each<[Message, RegExp]>([
    [{ device: "d" }, /`base=` is missing/],
    [{ device: "d", "base-node": "n" }, /`base=` is missing/],
    [{ device: "d", base: "/etc/shadow" }, /is not a parent of an image of this machine/],
    [{ device: "d", base: "disk.qcow2" }, /is not a parent of an image of this machine/],
  ])("%j is refused", async (given, why) => {
    await expect(pass("block-commit", given)).rejects.toThrow(why);
    expect([asked, told()]).toEqual([[], ""]);
  });
});
