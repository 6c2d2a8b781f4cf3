import { expect, test } from "vitest";
import { parseAccounts } from "../../../src/compile/accounts.ts";
import { codesOf, host, planOf, policy, token } from "./fixtures.ts";

const accounts = () =>
  parseAccounts(
    "root:x:0:0:root:/root:/bin/sh\n# comment\n+nis\nwww:x:33:33::/:/bin/false\n" +
      "www:x:99:99::/:/bin/false\nbad:x:99999999999:1::/:\n",
    "root:x:0:\nwww:x:33:\nssl-cert:x:110:www,other\nadm:x:4:other\n",
  );
const NET_BIND = 1n << 10n;

test("without a user the caller stays, with the granted capabilities as bounding set", async () => {
  const plan = await planOf(
    policy({ capabilities: [token("net_bind_service"), token("chown"), token("chown", "deny")] }),
  );
  expect(plan.identity).toEqual({
    user: null,
    noNewPrivileges: true,
    bounding: NET_BIND,
    ambient: 0n,
    privateIpc: false,
  });
});

test("a user comes with group, supplementary groups and ambient capabilities", async () => {
  const plan = await planOf(policy({ user: "www", capabilities: [token("net_bind_service")] }), {
    accounts,
  });
  expect(plan.identity.user).toEqual({ uid: 33, gid: 33, groups: [33, 110] });
  expect(plan.identity.ambient).toBe(NET_BIND);
  expect(plan.facts.map((fact) => ("path" in fact ? fact.path : fact.kind))).toEqual(
    // The last tells of a user that systemd gives a unit while it runs.
    expect.arrayContaining([
      ...["/etc/passwd", "/etc/group", "/run/systemd/dynamic-uid/direct:www"],
    ]),
  );
});

test("a group replaces the user's own, numbers need no account", async () => {
  expect(
    (await planOf(policy({ user: "www", group: "adm" }), { accounts })).identity.user,
  ).toMatchObject({
    uid: 33,
    gid: 4,
  });
  expect(
    (await planOf(policy({ user: "4711", group: "4711" }), { accounts })).identity.user,
  ).toEqual({
    uid: 4711,
    gid: 4711,
    groups: [4711],
  });
  expect((await planOf(policy({ group: "adm" }), { accounts })).identity.user).toMatchObject({
    uid: 0,
    gid: 4,
  });
});

test("unknown accounts, uids without a group and changes of user are refused", async () => {
  expect(await codesOf(policy({ user: "ngnix" }), { accounts })).toContain("CFD3007");
  expect(await codesOf(policy({ user: "www", group: "none" }), { accounts })).toEqual(["CFD3007"]);
  expect(await codesOf(policy({ user: "bad" }), { accounts })).toContain("CFD3007");
  expect(await codesOf(policy({ user: "4711" }), { accounts })).toEqual(["CFD3008"]);
  const facts = host(["cgroup-inet", "cgroup-unix", "restrict-without-nnp"], {
    caller: { uid: 1000, gid: 1000, capabilities: 0n },
  });
  expect(await codesOf(policy({ user: "www" }), { accounts, facts })).toEqual(["CFD3005"]);
  expect(await codesOf(policy({ setUserId: ["/usr/bin/sudo"] }), { facts })).toContain("CFD3006");
});

test("a unit's groups come to the user's; one that is not there is an error", async () => {
  const groups = ["ssl-cert", "4711"];
  const plan = await planOf(policy({ user: "www" }), { accounts, groups });
  expect(plan.identity.user).toEqual({ uid: 33, gid: 33, groups: [33, 110, 4711] });
  const roots = await planOf(policy(), { accounts, groups: ["adm"] });
  expect(roots.identity.user).toEqual({ uid: 0, gid: 0, groups: [0, 4] });
  expect(roots.facts.map((fact) => ("path" in fact ? fact.path : fact.kind))).toEqual(
    expect.arrayContaining(["/etc/group", "/run/systemd/dynamic-uid/direct:adm"]),
  );
  expect(await codesOf(policy({ user: "www" }), { accounts, groups: ["gone"] })).toEqual([
    "CFD3012",
  ]);
  const facts = host([], { caller: { uid: 1000, gid: 1000, capabilities: 0n } });
  expect(await codesOf(policy(), { accounts, groups: ["adm"], facts })).toContain("CFD3005");
});

test("with root's primary group a user has no other, as in a unit", async () => {
  const plan = await planOf(policy({ user: "www", group: "root" }), { accounts });
  expect(plan.identity.user).toEqual({ uid: 33, gid: 0, groups: [0] });
});

test("set-user-id programs turn no_new_privs off, for root only", async () => {
  expect((await planOf(policy({ setUserId: ["/usr/bin/sudo"] }))).identity.noNewPrivileges).toBe(
    false,
  );
});
