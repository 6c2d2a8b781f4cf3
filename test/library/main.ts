import { parseArgs } from "node:util";
import { sharedPackages } from "../package/packages.ts";
import { countBeside } from "./apparmor/beside.ts";
import { type LibraryDaemon, names, readDaemon } from "./daemon.ts";
import { goThroughTests, packageSeen } from "./debian-tests/go-through.ts";
import { keepTests } from "./debian-tests/seen.ts";
import { type Source, sourceOf } from "./debian-tests/source.ts";
import { goThrough, type Passage, StepFailed } from "./go-through.ts";
import { keepKernelPassage } from "./kernel-engine/seen.ts";
import { throughKernel } from "./kernel-engine/through.ts";
import { hostMissing, LibraryHost } from "./library-host.ts";
import { nativeNames } from "./native-names.ts";
import { keepPassage } from "./passages.ts";
import { isKernelsAlone } from "./policy.ts";
import { nothingTold, StockServer } from "./server.ts";
import { natively, pageOf } from "./server-page.ts";
import { makeSkeleton } from "./skeleton.ts";
import { tableOf } from "./table.ts";
import { tenthOf } from "./tenth.ts";

/** `npm run library`: docs/how-to-add-a-domain.md describes it. */
const help = `npm run library -- [OPTION]... [NAME]...
Leads daemons of the library through a server's life in their domains; without a
NAME all that the landlock engine holds. Needs root and apt. What was seen goes
into docs/library.md.

  --debian-tests     run the tests that their Debian packages have of their own;
                     what was seen goes into docs/debian-tests.md
  --bpf-lsm          lead them through domains of the kernel's engine, in a virtual
                     machine: a minute each
  --apparmor         count what they reach beside Debian's AppArmor profiles
    --apparmor-d DIR and beside those in a checkout of the apparmor.d project
  --server           a stock server's daemons on one host, by protect --all and
                     enforce --all; prints the page
  --tenth            those that \`npm test\` would take today
  --new NAME         write the files of a new daemon, from what protect drafts
    --packages P,... its Debian packages; by default NAME
    --unit UNIT      its unit; by default NAME
  --json             print what was seen as JSON
  --list             print the names
  --help

  npm run library -- nginx redis-server
  npm run library -- --debian-tests memcached
  npm run library -- --new chrony --packages chrony
`;

interface Failure {
  readonly name: string;
  readonly step: string;
  readonly why: string;
}

/** Of what went wrong, on the terminal; characters. */
const WHY_MAX = 4_000;

const say = (line: string): boolean => process.stderr.write(line);

/** Policies are those of the clone anyway (`renewPolicies`), and pages say nothing here. */
const isProgram = (file: string): boolean => !/^(?:domains|docs)\/|\.md$/.test(file);

let host: LibraryHost | null = null;

async function stopHost(): Promise<void> {
  const stopping = host;
  host = null;
  await stopping?.stop();
}

// The host's processes would outlive this one: it stops the host after the step that it is at.
let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    interrupted = true;
  });

/** @throws Error once a signal has come */
function sayStep(step: string): void {
  say(` ${step},`);
  if (interrupted) throw new Error("interrupted");
}

/** A daemon that fails may leave anything behind: the next one gets another host. */
async function through(wanted: readonly string[]): Promise<readonly (Passage | Failure)[]> {
  const packages = sharedPackages(isProgram);
  const seen: (Passage | Failure)[] = [];
  for (const name of wanted) {
    if (interrupted) break;
    host ??= await LibraryHost.start(packages);
    const daemon = readDaemon(name);
    say(`${name}:`);
    try {
      const passage = await goThrough(host, daemon, sayStep);
      say(` passed in ${passage.seconds} s\n`);
      keepPassage(passage);
      seen.push(passage);
    } catch (error) {
      const step = error instanceof StepFailed ? error.step : "in between";
      const why = error instanceof Error ? error.message : String(error);
      say(` FAILED ${step}\n  ${why.slice(0, WHY_MAX)}\n`);
      seen.push({ name, step, why });
      if (!(error instanceof StepFailed && error.isHostSound)) await stopHost();
    }
  }
  await stopHost();
  return seen;
}

/** What goes wrong is said, and ends neither the others nor this. */
async function attempt(name: string, act: () => void | Promise<void>): Promise<boolean> {
  if (interrupted) return false;
  say(`${name}:\n`);
  try {
    await act();
    return true;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    say(`  FAILED ${why.slice(0, WHY_MAX)}\n`);
    return false;
  }
}

/** The tests that packages have of their own; whether all that there are could be run. */
async function testsThrough(daemons: readonly LibraryDaemon[]): Promise<boolean> {
  const packages = sharedPackages(isProgram);
  const sources = new Map<LibraryDaemon, Source>();
  host = await LibraryHost.start(packages);
  const looked = host;
  looked.listSources();
  const done: boolean[] = [];
  for (const daemon of daemons)
    done.push(
      await attempt(daemon.name, () => {
        const source = sourceOf(looked, daemon);
        say(`  ${source.name} ${source.version}: ${source.none ?? "it has tests"}\n`);
        if (source.none === null) sources.set(daemon, source);
        else keepTests(packageSeen(daemon, source));
      }),
    );
  await stopHost();
  for (const [daemon, source] of sources)
    done.push(
      await attempt(daemon.name, async () => {
        const hear = (line: string) => say(`  ${line.trimEnd()}\n`);
        keepTests(await goThroughTests(packages, daemon, source, hear));
      }),
    );
  return done.every(Boolean);
}

/** Through domains of the kernel's engine; whether all went as they should. */
async function inKernel(daemons: readonly LibraryDaemon[]): Promise<boolean> {
  const seen = await throughKernel(sharedPackages(isProgram), daemons);
  for (const one of seen) {
    if (!("why" in one)) keepKernelPassage(one);
    say(`${one.name}: ${"why" in one ? `FAILED ${one.why}` : "held"}\n`);
  }
  return !seen.some((one) => "why" in one);
}

/** Prints the page that docs/stock-server.md is of another host. */
async function stockServer(): Promise<string> {
  host = await LibraryHost.startBare(sharedPackages(isProgram));
  try {
    const server = new StockServer(host, sayStep, nothingTold());
    await server.served();
    server.installed();
    server.protectAll();
    await server.dayAtWarning();
    server.enforceAll();
    await server.dayEnforced();
    await server.brokenInto();
    return pageOf(server.told, natively);
  } finally {
    await stopHost();
  }
}

/** @throws Error for a domain that only the kernel's engine holds */
function requireNative(wanted: readonly string[]): void {
  const alone = wanted.filter((name) => names.includes(name) && isKernelsAlone(name));
  if (alone.length > 0)
    throw new Error(
      "only the kernel's engine holds these (`mediation: kernel`): " +
        `npm run library -- --bpf-lsm ${alone.join(" ")}`,
    );
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tenth: { type: "boolean", default: false },
      new: { type: "string" },
      packages: { type: "string" },
      unit: { type: "string" },
      apparmor: { type: "boolean", default: false },
      "apparmor-d": { type: "string" },
      "bpf-lsm": { type: "boolean", default: false },
      "debian-tests": { type: "boolean", default: false },
      server: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || values.list) {
    process.stdout.write(values.help ? help : `${names.join("\n")}\n`);
    return 0;
  }
  const missing = hostMissing();
  if (missing !== null) throw new Error(`the library cannot be tried here: ${missing}`);
  if (values.new !== undefined) {
    const { unit = values.new, packages = values.new } = values;
    await makeSkeleton(values.new, { unit, packages: packages.split(",") }, say);
    return 0;
  }
  if (values.server) {
    process.stdout.write(await stockServer());
    return 0;
  }
  if (values.apparmor) {
    const counted = (positionals.length > 0 ? positionals : nativeNames).map(readDaemon);
    const checkout = values["apparmor-d"];
    await countBeside(sharedPackages(isProgram), counted, checkout, (line) => say(`${line}\n`));
    return 0;
  }
  const given = positionals.length > 0 ? positionals : null;
  if (values["bpf-lsm"]) return (await inKernel((given ?? names).map(readDaemon))) ? 0 : 1;
  const all = given ?? nativeNames;
  requireNative(all);
  if (values["debian-tests"]) return (await testsThrough(all.map(readDaemon))) ? 0 : 1;
  const seen = await through(values.tenth ? tenthOf(nativeNames, new Date()) : all);
  process.stdout.write(values.json ? `${JSON.stringify(seen, null, 2)}\n` : tableOf(seen));
  return seen.some((one) => "why" in one) ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
