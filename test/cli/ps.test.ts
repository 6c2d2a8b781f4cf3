import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Domain, front } from "../properties/domain.ts";
import { users } from "../properties/users.ts";

interface Listed {
  readonly pid: number;
  readonly tid: number;
  readonly command: string;
  readonly claimedBy?: string;
  readonly confinement:
    | "superDom"
    | "unknown"
    | {
        readonly domain: string;
        readonly mode: string;
        readonly level: string;
        readonly run: number;
      };
}

describe.each(users)("for $who", ({ uid }) => {
  let scene: Domain;
  beforeAll(() => {
    scene = new Domain(uid);
    scene.writePolicy({ files: ["rx /usr/bin/dash /usr/bin/sleep /usr/bin/cat"] });
  });
  afterAll(() => scene.close());

  /**
   * The processes that `command` became, once it has written a line; it ends with its standard
   * input.
   */
  async function whileRunning<T>(command: readonly string[], look: () => T): Promise<T> {
    const become =
      uid === process.getuid?.()
        ? []
        : ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
    const [program = "", ...args] = [
      ...become,
      front,
      "run",
      "--policy",
      scene.policy,
      "--",
      ...command,
    ];
    const env = { PATH: process.env.PATH, HOME: scene.home };
    const child = spawn(program, args, { env, cwd: "/", stdio: ["pipe", "pipe", "inherit"] });
    const closed = once(child, "close");
    try {
      await Promise.race([once(child.stdout, "data"), closed]);
      return look();
    } finally {
      child.stdin.end();
      await closed;
    }
  }

  function list(...args: readonly string[]): readonly Listed[] {
    return JSON.parse(scene.cofferdam(["ps", "--json", ...args]).out);
  }

  test("ps shows a daemon and its children with domain, level and mode, no others", async () => {
    const script = "sleep 1000 & echo ready; cat; kill $!; wait";
    const { mine, others, all, run } = await whileRunning(["/bin/sh", "-c", script], () => {
      const listed = list();
      const one = listed.find(({ command }) => command.includes(script));
      const first =
        one !== undefined && typeof one.confinement === "object" ? one.confinement.run : 0;
      const inRun = ({ confinement }: Listed) =>
        typeof confinement === "object" && confinement.run === first;
      return {
        mine: listed.filter(inRun),
        // Programs that a shipped domain names may run unconfined in other tests meanwhile.
        others: listed.filter(
          (row) => row.confinement === "superDom" && row.claimedBy === undefined,
        ),
        all: list("-Z"),
        run: first,
      };
    });
    expect(mine.map(({ command }) => command.split(" ")[0])).toEqual(["/bin/sh", "sleep", "cat"]);
    for (const { confinement } of mine)
      expect(confinement).toMatchObject({
        domain: "scene",
        mode: "sealed",
        level: "enforcing",
        run,
      });
    expect(others).toEqual([]);
    expect(all.find(({ pid }) => pid === process.pid)?.confinement).toBe("superDom");
    // Gone with its last process, record and all.
    expect(
      list().filter(
        ({ confinement }) => typeof confinement === "object" && confinement.run === run,
      ),
    ).toEqual([]);
  });

  test("the holder is in no domain, though the daemon's child it may be", async () => {
    const holders = await whileRunning(["/bin/sh", "-c", "echo ready; cat"], () =>
      list("-Z", "-T").filter(
        ({ command }) => command.includes(scene.policy) && command.includes("echo ready"),
      ),
    );
    expect(holders.length).toBeGreaterThan(0);
    expect(holders.filter(({ confinement }) => confinement !== "superDom")).toEqual([]);
  });
});
