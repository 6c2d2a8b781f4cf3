import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { otherConfinement } from "../../src/host/other-confinement.ts";
import { scratchFolder } from "../support/scratch.ts";

function host(files: Readonly<Record<string, string>>): string {
  const root = scratchFolder("other-confinement");
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

test.each([
  ["none", {}, null],
  ["AppArmor that is off", { "sys/module/apparmor/parameters/enabled": "N\n" }, null],
  [
    "AppArmor, which confines the process",
    {
      "sys/module/apparmor/parameters/enabled": "Y\n",
      "proc/7/attr/current": "/usr/sbin/named (enforce)\n",
    },
    "AppArmor enforces `/usr/sbin/named (enforce)`",
  ],
  [
    "AppArmor that only complains",
    {
      "sys/module/apparmor/parameters/enabled": "Y\n",
      "proc/7/attr/current": "named (complain)\n",
    },
    null,
  ],
  [
    "AppArmor, and the process has ended",
    { "sys/module/apparmor/parameters/enabled": "Y\n" },
    null,
  ],
  [
    "SELinux",
    { "sys/fs/selinux/enforce": "1", "proc/7/attr/current": "system_u:system_r:httpd_t:s0\0" },
    "SELinux enforces here `system_u:system_r:httpd_t:s0`",
  ],
  ["SELinux that is permissive", { "sys/fs/selinux/enforce": "0" }, null],
])("%s", (_, files, said) => {
  const answer = otherConfinement(7, host(files));
  if (said === null) expect(answer).toBeNull();
  else expect(answer).toContain(said);
});
