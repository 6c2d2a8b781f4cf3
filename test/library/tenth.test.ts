import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { BUILD_MS, sharedPackages } from "../package/packages.ts";
import { skipUnless } from "../support/skip.ts";
import { readDaemon } from "./daemon.ts";
import { goThrough } from "./go-through.ts";
import { hostMissing, LibraryHost } from "./library-host.ts";
import { nativeNames } from "./native-names.ts";
import { tenthOf } from "./tenth.ts";

/**
 * A tenth of the library, another one each day: `npm run library` takes all of it, and
 * `npm run library -- --tenth` this one.
 */
const missing = hostMissing();
const today = tenthOf(nativeNames, new Date());
/** One daemon on a busy machine, milliseconds: squid alone takes half a minute for each stop. */
const DAEMON_MS = 1_200_000;
let host: LibraryHost;

beforeAll(async () => {
  if (missing === null) host = await LibraryHost.start(sharedPackages());
}, BUILD_MS);

afterAll(async () => {
  await host?.stop();
});

beforeEach((context) => skipUnless(context, missing === null, missing ?? ""));

test("each daemon has its day", () => {
  const days = Array.from({ length: 10 }, (_, day) =>
    tenthOf(nativeNames, new Date(day * 86_400_000)),
  );
  expect(days.flat().sort()).toEqual([...nativeNames].sort());
});

test.for(today)(
  "%s works in its domain, and its domain holds",
  { timeout: DAEMON_MS },
  async (name) => {
    await goThrough(host, readDaemon(name), () => undefined);
  },
);
