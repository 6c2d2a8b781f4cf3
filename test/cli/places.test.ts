import { expect, test } from "vitest";
import { CommandError } from "../../src/cli/command.ts";
import { places } from "../../src/host/places.ts";

const home = "/opt/cofferdam";

test("root's places are the system's, whatever the environment says", () => {
  const root = places({
    uid: 0,
    env: { HOME: "/tmp/x", XDG_CONFIG_HOME: "/tmp/y", XDG_RUNTIME_DIR: "/tmp/z" },
    home,
  });
  expect(root.policies).toEqual(["/etc/cofferdam/domains", "/opt/cofferdam/domains"]);
  expect(root.plans).toBe("/run/cofferdam/plans");
  expect(root.events).toBe("/var/log/cofferdam/events.jsonl");
});

test("a user's places follow the XDG variables", () => {
  const env = {
    HOME: "/home/u",
    XDG_CONFIG_HOME: "/c",
    XDG_RUNTIME_DIR: "/run/user/7",
    XDG_STATE_HOME: "/s",
  };
  const user = places({ uid: 7, env, home });
  expect(user.policies[0]).toBe("/c/cofferdam/domains");
  expect(user.plans).toBe("/run/user/7/cofferdam/plans");
  expect(user.events).toBe("/s/cofferdam/events.jsonl");
});

test("a user's places lie below HOME without them, and relative values count as missing", () => {
  const user = places({
    uid: 7,
    env: { HOME: "/home/u", XDG_CONFIG_HOME: "c", XDG_RUNTIME_DIR: "." },
    home,
  });
  expect(user.policies[0]).toBe("/home/u/.config/cofferdam/domains");
  expect(user.plans).toBe("/home/u/.cache/cofferdam/plans");
  expect(user.events).toBe("/home/u/.local/state/cofferdam/events.jsonl");
  expect(() => places({ uid: 7, env: {}, home })).toThrow(CommandError);
});

test("own places hold everything that confines a domain, the system's also for a user", () => {
  const user = places({ uid: 7, env: { HOME: "/home/u" }, home });
  const below = (path: string) =>
    user.own.some((own) => path === own || path.startsWith(`${own}/`));
  const confining = [
    ...user.policies,
    user.plans,
    user.events,
    "/etc/cofferdam/domains",
    "/run/cofferdam/plans",
  ];
  const programs = [
    "bin/cofferdam",
    "dist/cofferdam.js",
    "dist/mediator.js",
    "node_modules/koffi/index.js",
  ];
  expect(
    [...confining, ...programs.map((file) => `${home}/${file}`)].filter((path) => !below(path)),
  ).toEqual([]);
});

test("own places include what a start in another environment would use, and node's lookups", () => {
  const env = {
    HOME: "/home/u",
    XDG_CONFIG_HOME: "/c",
    XDG_RUNTIME_DIR: "/r",
    XDG_STATE_HOME: "/s",
  };
  const user = places({ uid: 7, env, home });
  expect(user.own).toEqual(
    expect.arrayContaining([
      ...["/c/cofferdam", "/r/cofferdam", "/s/cofferdam", "/run/user/7/cofferdam"],
      ...[
        "/home/u/.config/cofferdam",
        "/home/u/.cache/cofferdam",
        "/home/u/.local/state/cofferdam",
      ],
      `${home}/package.json`,
    ]),
  );
  expect(places({ uid: 7, env: { ...env, HOME: undefined }, home }).own).toContain("/r/cofferdam");
});

test("what a host has once lies in root's places, and no domain may touch it", () => {
  const user = places({ uid: 7, env: { HOME: "/home/u" }, home });
  expect([user.asRoot, places({ uid: 0, env: {}, home }).asRoot]).toEqual([false, true]);
  expect(user.system).toMatchObject({
    control: "/run/cofferdam/control.sock",
    numbers: "/var/lib/cofferdam/numbers.json",
  });
  expect(user.runs).toBe("/home/u/.cache/cofferdam/runs");
  const { sessions, machines, lsmPins, ...system } = user.system;
  const { sockets, ...ofMachines } = machines;
  const outside = [...Object.values(system), ...Object.values(ofMachines)].filter(
    (path) => !user.own.some((own) => path.startsWith(`${own}/`)),
  );
  expect(outside).toEqual([]);
  // Programs and maps of the bpf-lsm engine: whoever removes them ends its enforcement.
  expect(places({ uid: 0, env: {}, home }).kept).toContain(lsmPins);
  // The sandboxed shell connects to its server: no domain may change what lies there, and some may
  // be granted it.
  const { exchange, ...served } = sessions;
  const within = (folder: string) => (path: string) =>
    path === folder || path.startsWith(`${folder}/`);
  expect(
    Object.values(served).filter((path) => !user.kept.some((kept) => within(kept)(path))),
  ).toEqual([]);
  expect(user.kept).toContain(sockets);
  expect(user.own.some((own) => within(own)(exchange) || within(own)(sessions.folder))).toBe(false);
});
