import * as fs from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Event } from "../../../src/events/event.ts";
import { Domain, front } from "../../properties/domain.ts";
import { users } from "../../properties/users.ts";

/** What a Python caller leaves open, then becomes the front; `3` and above as it comes. */
const CALLER = [
  "import os,socket,sys",
  "os.closerange(3, 1024)",
  "file=os.open(sys.argv[1], os.O_RDONLY)",
  "folder=os.open('/', os.O_RDONLY)",
  "pair=socket.socketpair()",
  "os.dup2(file, 50); os.dup2(folder, 51); os.dup2(pair[0].fileno(), 52)",
  "os.dup2(folder, 0)",
  "os.execv(sys.argv[2], sys.argv[2:])",
].join("\n");

/** Two sockets of socket activation, and one too many. */
const ACTIVATED = [
  "import os,socket,sys",
  "os.closerange(3, 1024)",
  "kept=[socket.socket(socket.AF_UNIX) for _ in range(3)]",
  "for i, s in enumerate(kept): os.dup2(s.fileno(), 103 + i)",
  "for i in range(3): os.dup2(103 + i, 3 + i)",
  "for i in range(3): os.set_inheritable(103 + i, False)",
  "os.environ.update(LISTEN_FDS='2', LISTEN_PID=str(os.getpid()))",
  "os.execv(sys.argv[2], sys.argv[2:])",
].join("\n");

describe.each(users)(
  "descriptors that a domain begins with at level warning, for $who",
  ({ uid }) => {
    let scene: Domain;
    beforeAll(() => {
      scene = new Domain(uid);
    });
    afterAll(() => scene.close());

    const read = () =>
      (fs.existsSync(scene.events) ? fs.readFileSync(scene.events, "utf8") : "")
        .split("\n")
        .filter(Boolean);

    /** What the events of one run say was inherited: object, and the line that would grant it. */
    function inherited(granted: string, level = "warning", caller = CALLER): string[] {
      scene.writePolicy({ rest: `level: ${level}\n` });
      const policy = fs
        .readFileSync(scene.policy, "utf8")
        .replace(/^inherit: .*$/m, `inherit: ${granted}`);
      scene.write("home/policies/scene.yaml", policy);
      const before = read().length;
      const run = [front, "run", "--policy", scene.policy, "--", scene.try];
      const noted = ["sh", "-c", 'echo $$ >"$0" && exec "$@"', scene.at("home/pid")];
      const { status, err } = scene.outside([
        ...noted,
        ...["python3", "-c", caller, scene.policy],
        ...run,
      ]);
      expect(status, err).toBe(0);
      const pid = Number(fs.readFileSync(scene.at("home/pid"), "utf8"));
      // Root's log is the host's, and other suites have a domain of that name, too.
      return read()
        .slice(before)
        .map((line) => JSON.parse(line) as Event)
        .filter((event) => event.class === "inherit" && event.process.pid === pid)
        .map(
          ({ verdict, object, allow }) =>
            `${verdict} ${object.replace(/\[\d+\]/, "[]")} ${allow?.line ?? "-"}`,
        );
    }

    test("each descriptor that `inherit` lacks is a warning, but not Cofferdam's own", () => {
      const beyond = [
        `warning descriptor 50: ${scene.policy} -`,
        "warning descriptor 51: / -",
        "warning descriptor 52: socket:[] -",
      ];
      expect(inherited("[stdio, stdio-sockets]")).toEqual(["warning descriptor 0: / -", ...beyond]);
      // Pipes of the test runner are sockets or pipes.
      const standard = inherited("[]").filter((line) => / descriptor [12]: /.test(line));
      expect(standard).toHaveLength(2);
      for (const line of standard)
        expect(line).toMatch(/: (pipe:\[\] stdio|socket:\[\] stdio-sockets)$/);
    });

    test("`listen` grants the sockets of socket activation, only as many as were announced", () => {
      const sockets = (granted: string) => inherited(granted, "warning", ACTIVATED);
      expect(sockets("[stdio, stdio-sockets, listen]")).toEqual([
        "warning descriptor 5: socket:[] -",
      ]);
      expect(sockets("[stdio, stdio-sockets]")).toEqual([
        "warning descriptor 3: socket:[] listen",
        "warning descriptor 4: socket:[] listen",
        "warning descriptor 5: socket:[] -",
      ]);
    });

    test("a standard descriptor that is /dev/null would be that at level enforcing, too", () => {
      const caller = [
        "import os,sys",
        "os.closerange(3, 1024)",
        "for i in range(3): os.dup2(os.open('/dev/null', os.O_RDWR), i)",
        "os.dup2(0, 9)",
        "os.closerange(3, 9)",
        "os.execv(sys.argv[2], sys.argv[2:])",
      ].join("\n");
      expect(inherited("[]", "warning", caller)).toEqual(["warning descriptor 9: /dev/null -"]);
    });

    // Another user cannot make a network.
    if (uid === 0)
      test("a connected output that was made in another network is one", () => {
        const caller = [
          "import os,socket,sys",
          "os.closerange(3, 1024)",
          "pair=socket.socketpair()",
          "for i in range(3): os.dup2(pair[0].fileno(), i)",
          "os.execvp('unshare', ['unshare', '--net', *sys.argv[2:]])",
        ].join("\n");
        expect(inherited("[stdio-sockets]", "warning", caller)).toEqual([]);
        expect(inherited("[]", "warning", caller)).toEqual(
          [0, 1, 2].map((number) => `warning descriptor ${number}: socket:[] stdio-sockets`),
        );
      });

    test("at level enforcing nothing is kept and nothing said", () => {
      expect(inherited("[stdio, stdio-sockets]", "enforcing\nmediation: supervised")).toEqual([]);
    });
  },
);
