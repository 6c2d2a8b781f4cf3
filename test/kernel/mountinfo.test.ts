import { expect, test } from "vitest";
import { mountsIn } from "../../src/kernel/mountinfo.ts";

test("mounts are read with optional fields, without them, and with escaped names", () => {
  const text = [
    "22 1 254:0 / / rw,relatime shared:1 master:2 - ext4 /dev/vda rw",
    "23 22 0:21 /a\\040b /srv/tab\\011and\\134 rw - tmpfs none rw",
    "",
  ].join("\n");
  expect(mountsIn(text)).toEqual([
    { id: 22, device: "254:0", root: "/", point: "/", type: "ext4" },
    { id: 23, device: "0:21", root: "/a b", point: "/srv/tab\tand\\", type: "tmpfs" },
  ]);
  expect(mountsIn("cut 1 0:1 / /proc rw")).toEqual([]);
});
