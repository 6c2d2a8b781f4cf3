import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { capabilityNames } from "../../src/kinds/capabilities/model.ts";
import {
  asEachIdentity,
  Cases,
  differing,
  type Identity,
  SUITE_TIMEOUT_MS,
  shown,
} from "./cases.ts";
import { differences } from "./differences.ts";

const cases = new Cases();
beforeAll(() => cases.compile(), SUITE_TIMEOUT_MS);
afterAll(() => cases.remove(), SUITE_TIMEOUT_MS);

/** All that the cases use and the language can grant. */
function everything(place: string): string {
  return `domain: transparent
summary: grants whatever the cases do
level: enforcing
mediation: supervised
files:
  - rwcdxmai ${place}/**
  - rwxm ${cases.program}
  - rxm /bin/** /etc/alternatives/** /lib/** /lib64/** /usr/**
  - r / /dev /etc/ld.so.* /proc/** /root
  - w /proc/[0-9]*/**
  - rwi /dev/full /dev/null /dev/ptmx /dev/pts/** /dev/random /dev/tty /dev/urandom /dev/zero
network:
  - connect tcp *
  - connect udp *
  - connect unix ${place}/** @**
  - listen tcp *
  - listen udp *
  - listen unix ${place}/** @**
  - netlink *
  - raw *
  - packet
  - ping
  - vsock
capabilities: [${capabilityNames.join(", ")}]
inherit: [listen, stdio, stdio-sockets]
ipc: [mqueue, msg, sem, shm]
memory: [jit, memfd, dlopen]
best-effort: [ipc]
core-dumps: allowed
signals: [any]
syscalls:
${GROUPS.map((group) => `  - "@${group}"`).join("\n")}
`;
}
const GROUPS = (
  "aio basic-io chown clock cpu-emulation debug file-system io-event ipc keyring memlock " +
  "module mount network-io obsolete pkey privileged process raw-io reboot resources " +
  "sandbox setuid signal swap sync system-service timer"
).split(" ");

asEachIdentity(
  "a supervised domain at level enforcing does for its processes what the kernel would have done",
  compare,
);

function compare(identity: Identity): void {
  const seen = cases.both(identity, everything);
  const expected = Object.entries(differences).filter(
    ([, { only }]) => only?.some((name) => name === identity.name) ?? true,
  );
  const found = differing(seen);
  const unexpected = found.filter((name) => !expected.some(([known]) => known === name));
  expect(unexpected.map((name) => shown(seen, name))).toEqual([]);
  const gone = expected.filter(([name, { sometimes }]) => !sometimes && !found.includes(name));
  expect(gone.map(([name]) => name)).toEqual([]);
}

test("the page about mediation names every difference", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/mediation.md"), "utf8");
  expect(Object.keys(differences).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
