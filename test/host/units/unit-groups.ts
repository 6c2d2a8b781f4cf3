import { expect, test } from "vitest";
import { at } from "./booted-units.ts";
import { shell, showsClone } from "./shell-units.ts";

const SAID = "/run/crowd-said";
const ids =
  `Type=oneshot\nStandardOutput=truncate:${SAID}\nExecStart=/usr/bin/id -G\n` +
  "[Unit]\nStartLimitIntervalSec=0\n";

/** What the unit's program says of its groups at its next start. */
function groupsOf(unit: string): string {
  const { status, err } = at.host.run("systemctl", "start", unit);
  expect(status, err).toBe(0);
  return at.host.sh(`cat ${SAID}`).trim();
}

/** Its groups in the domain, if they are those that it has outside. */
function sameInDomain(unit: string, started = unit): string {
  const outside = groupsOf(started);
  at.done("unit", "enable", unit);
  expect(at.host.sh('systemctl cat "$1"', started)).toMatch(/ --unit (?:crowd|mob) /);
  expect(groupsOf(started)).toBe(outside);
  at.done("unit", "disable", unit);
  return outside;
}

/** What `domain stale` says of starts that would fail, whatever else is stale. */
function broken(): unknown {
  return JSON.parse(at.host.cofferdam("domain", "stale", "--json").out).broken.filter(
    ({ domain }: { readonly domain: string }) => domain === "crowd",
  );
}

function numberOf(group: string): string {
  return at.host.sh('getent group "$1" | cut -d: -f3', group).trim();
}

test.for([
  ["a user", "User=daemon\nSupplementaryGroups=audio games\n", "user: daemon"],
  [
    "a user with mounts of its own and a group by number, one list taken back",
    `User=daemon\nGroup=daemon\nSupplementaryGroups=disk\nSupplementaryGroups=\n` +
      `SupplementaryGroups=games\nSupplementaryGroups=29\nPrivateTmp=yes\n${showsClone}`,
    "user: daemon\ngroup: daemon",
  ],
  ["root", "User=root\nSupplementaryGroups=audio games\n", "user: root"],
  ["no user", "SupplementaryGroups=audio games\n", ""],
] as const)("a unit's supplementary groups are in force: %s", ([_, settings, policy]) => {
  at.domain("crowd", shell("crowd", "crowd.service", policy));
  at.service("crowd.service", `${settings}${ids}`);
  const checked = at.done("unit", "check", "crowd");
  expect(checked).not.toContain("SupplementaryGroups");
  const groups = sameInDomain("crowd").split(" ");
  expect(groups).toEqual(expect.arrayContaining([numberOf("audio"), numberOf("games")]));
  expect(groups).not.toContain(numberOf("disk"));
});

test("so are those of a dynamic user, and of an instance by its template's specifier", () => {
  at.domain("mob", shell("mob", "mob.service", "user: mob"));
  at.service("mob.service", `DynamicUser=yes\nSupplementaryGroups=games\n${showsClone}${ids}`);
  expect(sameInDomain("mob").split(" ")).toContain(numberOf("games"));
  at.domain("crowd", shell("crowd", "crowd@.service", "user: daemon"));
  at.service("crowd@.service", `User=daemon\nSupplementaryGroups=%i\n${ids}`);
  expect(sameInDomain("crowd@", "crowd@games").split(" ")).toContain(numberOf("games"));
});

test("a user has in a domain no group that its unit does not give", () => {
  at.host.sh("usermod -aG audio daemon");
  at.domain("crowd", shell("crowd", "crowd.service", "user: daemon"));
  at.service("crowd.service", `User=daemon\n${ids}`);
  expect(sameInDomain("crowd").split(" ")).toContain(numberOf("audio"));
  at.domain("crowd", shell("crowd", "crowd.service", "user: daemon\ngroup: root"));
  at.service("crowd.service", `User=daemon\nGroup=root\n${ids}`);
  expect(sameInDomain("crowd")).toBe("0");
  at.host.sh("gpasswd -d daemon audio");
});

test("a group that was renumbered has its new number; one that was renamed stops the start", () => {
  at.host.sh("groupadd --gid 7001 crew");
  at.domain("crowd", shell("crowd", "crowd.service", "user: daemon"));
  at.service("crowd.service", `User=daemon\nSupplementaryGroups=crew\n${ids}`);
  at.done("unit", "enable", "crowd");
  expect(groupsOf("crowd").split(" ")).toContain("7001");
  at.host.sh("groupmod --gid 7002 crew");
  expect(groupsOf("crowd").split(" ")).toContain("7002");
  at.host.sh(`groupmod --new-name others crew; rm ${SAID}`);
  expect(at.host.run("systemctl", "start", "crowd").status).not.toBe(0);
  expect(at.host.run("test", "-e", SAID).status).not.toBe(0);
  const { status, out } = at.host.cofferdam("unit", "check", "crowd");
  expect(status).toBe(1);
  expect(out.replaceAll(/\s+/g, " ")).toContain("names crew, which /etc/group does not have");
  expect(broken()).toEqual([
    {
      domain: "crowd",
      problem: "the unit has the supplementary group `crew`, which is not in /etc/group",
      command: "cofferdam unit check crowd.service",
      units: ["crowd.service"],
    },
  ]);
  at.host.sh("groupmod --new-name crew others; systemctl reset-failed crowd");
  expect(groupsOf("crowd").split(" ")).toContain("7002");
  expect(broken()).toEqual([]);
  at.done("unit", "disable", "crowd");
  at.host.sh("groupdel crew");
});
