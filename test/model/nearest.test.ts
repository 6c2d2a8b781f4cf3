import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PUBLIC_FILE } from "../../src/base/modes.ts";
import { type Names, parseRequest } from "../../src/cli/explain/request.ts";
import { nearestGrant } from "../../src/model/nearest.ts";
import type { Policy } from "../../src/model/policy.ts";
import { loadPolicy } from "../../src/policy/load.ts";
import { vocabulary } from "../policy/vocabulary.ts";
import { scratchFolder } from "../support/scratch.ts";

const text = `
files:
  - r /etc/web/*.conf /srv/www/** /etc/host
  - rw /var/log/web/access.log
  - deny r /etc/web/secret.conf
  - cd /run/web
network:
  - connect tcp 10.0.0.0/8:80
  - listen udp 53
  - connect unix /run/web/db.sock
  - netlink route
capabilities: [chown]
`;

function policy(): Policy {
  const file = join(scratchFolder("nearest"), "web.yaml");
  writeFileSync(file, text, { mode: PUBLIC_FILE });
  const loaded = loadPolicy(file, { vocabulary }).policy;
  if (loaded === null) throw new Error("the policy does not load");
  return loaded;
}

const names: Names = {
  canonical: (path) => path,
  isDirectory: () => false,
  exists: () => false,
  inode: () => null,
};

test.each([
  ["write /etc/web/a.conf", "r /etc/web/*.conf", "it names it, but without `w`"],
  ["connect unix /srv/www/x", "r /srv/www/**", "without `connect unix`"],
  ["read /etc/web/sub/a.conf", "r /etc/web/*.conf", "only as far as `/etc/web/sub`"],
  ["read /etc/web/a.cfg", "r /etc/web/*.conf", "it names only longer names that begin so"],
  ["read /etc/hosts", "r /etc/host", "it ends with `/etc/host`"],
  ["create /srv/www", "r /srv/www/**", "without `c`"],
  ["rename /run/web /var/log/web/access.log", "rw /var/log/web/access.log", "without `c`"],
  ["connect tcp 10.0.0.1:81", "connect tcp 10.0.0.0/8:80", "another port"],
  ["connect tcp 11.0.0.1:80", "connect tcp 10.0.0.0/8:80", "another address"],
  ["connect udp 10.0.0.1:53", "listen udp 53", "another operation or protocol"],
  ["netlink audit", "netlink route", "another protocol"],
])("%s: nearest is %s", (line, rule, why) => {
  const near = nearestGrant(policy(), parseRequest(line.split(" "), names));
  expect(near?.source.text).toBe(rule);
  expect(near?.why).toContain(why);
});

test.each([
  "read /usr/bin/x",
  "read /etc/shadow",
  "connect tcp 11.0.0.1:81",
  "raw icmp",
  "capability kill",
  "connect unix @x",
])("%s: no rule is near", (line) => {
  expect(nearestGrant(policy(), parseRequest(line.split(" "), names))).toBeNull();
});
