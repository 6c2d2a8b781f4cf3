import type { Packages } from "../../package/packages.ts";
import type { LibraryDaemon } from "../daemon.ts";
import { digestOfPolicy } from "../passages.ts";
import type { PackageSeen, TestSeen } from "./seen.ts";
import type { Source } from "./source.ts";
import { type Described, TestedHost } from "./tested-host.ts";

/**
 * Runs the tests that a daemon's package has of its own (debian/tests of its source): outside of
 * every domain, with the domain enforced, at level warning what fails there, and with the unit
 * masked, each time on another host, so that nothing is left of the time before. `say` hears of
 * each run.
 */
export async function goThroughTests(
  packages: Packages,
  daemon: LibraryDaemon,
  source: Source,
  say: (line: string) => void,
): Promise<PackageSeen> {
  const on = async <T>(act: (host: TestedHost) => T | Promise<T>): Promise<T> => {
    const host = await TestedHost.start(packages, daemon, source);
    try {
      return await act(host);
    } finally {
      await host.stop();
    }
  };
  const { isConfigured, seen, tests } = await on((host) => outside(host, say));
  const passes = (test: TestSeen): boolean => test.outside.result === "passed";
  // Of the others it is known: they start the unit anew, or a daemon of their own.
  const isUnclear = ({ enforced, held }: TestSeen): boolean =>
    enforced?.result === "passed" && held?.started === 0 && held.elsewhere === 0;
  const described = new Map(tests.map((test) => [test.name, test]));
  /**
   * On another host, those of the tests that it is about. The tests before them run there, too: one
   * may prepare what the others need, as coturn's `setup` does.
   */
  const again = async (
    all: readonly TestSeen[],
    isAbout: (test: TestSeen) => boolean,
    prepare: (host: TestedHost) => void | Promise<void>,
    act: (host: TestedHost, test: (typeof tests)[number], before: TestSeen) => TestSeen,
  ): Promise<readonly TestSeen[]> => {
    const last = all.findLastIndex(isAbout);
    if (last < 0) return all;
    return await on(async (host) => {
      await prepare(host);
      return all.map((one, index) => {
        const test = described.get(one.name);
        if (test === undefined || !passes(one) || index > last) return one;
        if (isAbout(one)) return act(host, test, one);
        host.run(test, "before");
        return one;
      });
    });
  };
  const enforced = await again(
    seen,
    passes,
    (host) => host.enter("enforcing"),
    (host, test, before) => {
      const { verdict, held: processes, beyond } = inDomain(host, test, "enforced");
      say(`${test.name} enforced: ${verdict.result} ${verdict.why} ${beyond.join(", ")}`);
      return { ...before, enforced: verdict, held: processes, refused: beyond };
    },
  );
  const warned = await again(
    enforced,
    (test) => passes(test) && test.enforced?.result !== "passed",
    (host) => host.enter("warning"),
    (host, test, before) => {
      const { verdict, beyond } = inDomain(host, test, "warned");
      say(`${test.name} warned: ${verdict.result} ${verdict.why} ${beyond.join(", ")}`);
      return { ...before, warned: { verdict, beyond } };
    },
  );
  const masked = await again(
    warned,
    isUnclear,
    (host) => host.mask(),
    (host, test, before) => {
      const needsUnit = host.run(test, "masked").verdict.result !== "passed";
      say(`${test.name} ${needsUnit ? "needs" : "does without"} the unit`);
      return { ...before, needsUnit };
    },
  );
  return { ...packageSeen(daemon, source), isConfigured, tests: masked };
}

/** With what was beyond the policy meanwhile. */
function inDomain(host: TestedHost, test: Described, where: string) {
  const before = host.beyond();
  const { verdict, held } = host.run(test, where);
  return { verdict, held, beyond: host.beyond().filter((one) => !before.includes(one)) };
}

/** Before any test was run. */
export function packageSeen({ name }: LibraryDaemon, source: Source): PackageSeen {
  return {
    ...{ name, source: source.name, version: source.version, none: source.none },
    ...{ day: new Date().toISOString().slice(0, 10), isConfigured: false, tests: [] },
    digest: digestOfPolicy(name),
  };
}

function outside(host: TestedHost, say: (line: string) => void) {
  const tests = host.tests();
  const seen = tests.map((test): TestSeen => {
    const { verdict } = host.run(test, "outside");
    say(`${test.name} outside: ${verdict.result} ${verdict.why}`);
    const rest = { enforced: null, held: null, refused: [], warned: null, needsUnit: null };
    return { name: test.name, outside: verdict, ...rest };
  });
  return { isConfigured: host.isConfigured, tests, seen };
}
