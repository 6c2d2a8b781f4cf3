import * as fs from "node:fs";
import * as path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { processesThatHold } from "./confining-processes.ts";
import { type Conversation, clone, Domain } from "./domain.ts";
import { users } from "./users.ts";

const refused = expect.stringMatching(/^(EACCES|EPERM|EXDEV)$/);
const cgroup2 = /^cgroup2? (\S+) cgroup2 /m.exec(fs.readFileSync("/proc/mounts", "utf8"))?.[1];

describe.each(users)("a domain can never touch what confines it: for $who", ({ uid }) => {
  let scene: Domain;
  beforeAll(() => {
    scene = new Domain(uid);
  });
  afterAll(() => scene.close());

  const places = (): readonly string[] => [
    clone,
    path.dirname(scene.policy),
    ...(uid === 0
      ? ["/run", "/var/log", "/etc", ...(cgroup2 === undefined ? [] : [cgroup2])]
      : [scene.home]),
  ];

  test("no grant can change its policy, plan, log, programs or cgroup", () => {
    const files = places().flatMap((place) =>
      ["w", "rwcda", "c", "d"].map((letters) => `${letters} ${place}/**`),
    );
    scene.writePolicy({ files });
    const { status, out, err } = scene.run(["/bin/echo", "started"]);
    expect({ status, out }).toEqual({ status: 125, out: "" });
    const plain = err.replace(/\s+/g, " ");
    expect(files.filter((line) => !plain.includes(`error[CFD2011]: \`${line}\` reaches`))).toEqual(
      [],
    );
  });

  test("a grant to read everything does not reach them", () => {
    scene.writePolicy({ files: [`r ${scene.home}/** ${clone}/** /run/** /var/log/** /etc/**`] });
    const passwd = "read /etc/passwd";
    expect(scene.tries([passwd, `read ${scene.home}/secret/file`])).toEqual(["0", "0"]);
    // The log is there from the first event on.
    scene.tries([`make ${scene.home}/secret/new`]);
    const lines = [...scene.planFiles(), scene.events, `${clone}/dist/mediator.js`].map(
      (file) => `read ${file}`,
    );
    expect(lines).toHaveLength(3);
    expect(scene.tries(lines)).toEqual(lines.map(() => "EACCES"));
  });

  test("what leads to them cannot be planted or moved away", () => {
    const { home } = scene;
    fs.rmSync(`${home}/.config`, { recursive: true, force: true });
    const around = [home, path.dirname(scene.policy), path.dirname(scene.folder)].map(
      (folder) => `${folder}/*`,
    );
    scene.writePolicy({ files: [`rwcda ${around[0]} ${home}/granted/**`] });
    const lines = [
      `symlink ${home}/.config granted`,
      `mkdir ${home}/.config`,
      `bind ${home}/.config`,
      `rename ${home}/granted ${home}/.config`,
      `rename ${home}/.cache ${home}/granted/taken`,
      `rename ${home}/.local ${home}/granted/taken`,
      `rename ${home}/policies ${home}/granted/taken`,
      `link ${scene.policy} ${home}/granted/linked`,
      `chmod ${home}/policies`,
      `write ${scene.policy}`,
      `make ${scene.policy}.new`,
    ].filter((line) => uid !== 0 || !/\.(config|cache|local)/.test(line));
    const control = [
      `symlink ${home}/.other granted`,
      `mkdir ${home}/granted/new`,
      `chmod ${home}/secret`,
      `unlink ${home}/.other`,
    ];
    expect(scene.tries(control)).toEqual(control.map(() => "0"));
    expect(scene.tries(lines)).toEqual(lines.map(() => refused));
    fs.rmdirSync(`${home}/granted/new`);
  });

  describe("its holder and its mediator", () => {
    let inside: Conversation;
    const names = ["holder", "mediator"] as const;
    const calls = (pid: number) => [
      ...[
        `kill ${pid} 0`,
        `prlimit ${pid}`,
        `ptrace ${pid}`,
        `memory ${pid}`,
        `steal ${pid} 3`,
        `priority ${pid}`,
        `affinity ${pid}`,
      ],
      ...["mem", "environ", "maps", "fd/3", "root/etc", "cwd/etc"].map(
        (name) => `read /proc/${pid}/${name}`,
      ),
      ...["oom_score_adj", "mem", "timerslack_ns"].map((name) => `write /proc/${pid}/${name}`),
    ];

    beforeAll(async () => {
      scene.writePolicy({ files: ["r /proc/**"] });
      inside = scene.start();
      // The first name that only the broker can make starts the mediator.
      expect(await inside.ask(`make ${scene.home}/shared/exact`)).toBe("0");
    });
    afterAll(async () => {
      expect(await inside.end()).toBe(0);
    });

    test.each(names)(
      "%s: no signal, no trace, no limit, no memory, no descriptor",
      async (name) => {
        const found = processesThatHold(inside.process.pid ?? 0)[name];
        expect(found.length).toBeGreaterThan(0);
        for (const pid of found) {
          expect(await inside.ask(`read /proc/${pid}/stat`), "it is seen").toBe("0");
          const outside =
            uid === 0
              ? [`prlimit ${pid}`, `ptrace ${pid}`, `read /proc/${pid}/mem`]
              : [`kill ${pid} 0`];
          expect(scene.triesOutside(outside), "from outside it can be touched").toEqual(
            outside.map(() => "0"),
          );
          for (const call of calls(pid))
            expect(`${call}: ${await inside.ask(call)}`).toMatch(/: (EACCES|EPERM|ENOENT|ESRCH)$/);
        }
      },
    );

    const own = uid === 0 ? [] : names;
    test.each(own)(
      "%s: nor may the same user trace it from outside, or take its listener",
      (name) => {
        for (const pid of processesThatHold(inside.process.pid ?? 0)[name]) {
          const lines = [
            `ptrace ${pid}`,
            `memory ${pid}`,
            `steal ${pid} 3`,
            `read /proc/${pid}/mem`,
          ];
          expect(scene.triesOutside(lines)).toEqual(lines.map(() => refused));
          expect(
            scene.triesOutside([`ptrace ${inside.process.pid}`]),
            "the daemon itself may be traced",
          ).toEqual(["0"]);
        }
      },
    );
  });
});
