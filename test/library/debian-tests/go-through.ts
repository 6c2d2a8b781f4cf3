import type { Packages } from "../../package/packages.ts";
import type { LibraryDaemon } from "../daemon.ts";
import type { PackageSeen, TestSeen } from "./seen.ts";
import { TestedHost } from "./tested-host.ts";

/**
 * Runs the tests that a daemon's package has of its own (debian/tests of its source): outside of
 * any domain, with the domain enforced, and with the unit masked, each time on another host, so
 * that nothing is left of the time before. `say` hears of each run.
 */
export async function goThroughTests(
  packages: Packages,
  daemon: LibraryDaemon,
  say: (line: string) => void,
): Promise<PackageSeen> {
  const on = async <T>(act: (host: TestedHost) => T): Promise<T> => {
    const host = await TestedHost.start(packages, daemon);
    try {
      return act(host);
    } finally {
      await host.stop();
    }
  };
  const outside = await on((host) => {
    const tests = host.tests().map((test) => {
      const verdict = host.run(test);
      say(`${test.name} outside: ${verdict.result} ${verdict.why}`);
      return { test, seen: { ...nothingSeen(test.name), outside: verdict } };
    });
    return { source: host.source(), tests };
  });
  const inside = await on((host) => {
    host.enforce();
    const told = new Set(host.refused());
    return outside.tests.map(({ test, seen }) => {
      if (seen.outside.result !== "passed") return { test, seen };
      const verdict = host.run(test);
      const refused = host.refused().filter((one) => !told.has(one));
      for (const one of refused) told.add(one);
      say(`${test.name} inside: ${verdict.result} ${verdict.why} ${refused.join(", ")}`);
      return { test, seen: { ...seen, inside: verdict, refused } };
    });
  });
  const masked = await on((host) => {
    host.mask();
    return inside.map(({ test, seen }) => {
      if (seen.inside?.result !== "passed") return seen;
      const meetsUnit = host.run(test).result !== "passed";
      say(`${test.name} ${meetsUnit ? "needs" : "does without"} the unit`);
      return { ...seen, meetsUnit };
    });
  });
  const [source = "", version = ""] = outside.source;
  const day = new Date().toISOString().slice(0, 10);
  return { name: daemon.name, source, version, day, tests: masked };
}

function nothingSeen(name: string): TestSeen {
  const outside = { result: "not run", why: "" } as const;
  return { name, outside, inside: null, meetsUnit: null, refused: [] };
}
