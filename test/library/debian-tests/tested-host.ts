import { join } from "node:path";
import { z } from "zod";
import { clone, type Packages } from "../../package/packages.ts";
import { isListed, type LibraryDaemon } from "../daemon.ts";
import { LibraryHost } from "../library-host.ts";
import { toldOf } from "../told.ts";
import { domainOfUnit } from "../unit-process.ts";
import { type Verdict, verdictOf } from "./seen.ts";

/** A test as its package's debian/tests/control has it. */
const described = z.object({
  name: z.string(),
  restrictions: z.array(z.string()),
  /** As a control file writes it. */
  depends: z.string(),
});
type Described = z.infer<typeof described>;

/** For one test, seconds. */
const TEST_S = 240;
/** What the tests may take for granted: the host is thrown away, and is a container. */
const capabilities = ["isolation-container", "revert-full-system"];
const SUMMARY = "/srv/summary";
const EVENTS = "/var/log/cofferdam/events.jsonl";

const autopkgtest = `
cd /
rm -f "$3"
export TMPDIR=/srv/debian-tests
mkdir -p "$TMPDIR"
id tester >/dev/null 2>&1 || useradd --create-home tester
exec autopkgtest --no-built-binaries --test-name "$2" --summary-file "$3" --user tester \\
  --timeout-test "$4" "$1/" -- null ${capabilities.map((one) => `--fake-capability ${one}`).join(" ")}`;

/** A Debian with the daemon's packages, as they are when installed, and the source of its unit's. */
export class TestedHost {
  readonly #host: LibraryHost;
  readonly #daemon: LibraryDaemon;
  readonly #source: string;

  private constructor(host: LibraryHost, daemon: LibraryDaemon, source: string) {
    this.#host = host;
    this.#daemon = daemon;
    this.#source = source;
  }

  static async start(packages: Packages, daemon: LibraryDaemon): Promise<TestedHost> {
    const host = await LibraryHost.start(packages);
    try {
      host.renewPolicies();
      const wanted = [...daemon.packages, "autopkgtest", "dpkg-dev"];
      host.fetch(wanted);
      host.install(wanted);
      host.booted.sh('systemctl daemon-reload; systemctl restart "$1"', daemon.unit);
      return new TestedHost(host, daemon, host.fetchSource(daemon.upgrade));
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  stop(): Promise<void> {
    return this.#host.stop();
  }

  get #booted() {
    return this.#host.booted;
  }

  /** Of the source package: its name and its version. */
  source(): readonly string[] {
    const ask = 'cd "$1"; dpkg-parsechangelog -S Source; dpkg-parsechangelog -S Version';
    return this.#booted.sh(ask, this.#source).trim().split("\n");
  }

  tests(): readonly Described[] {
    const list = join(clone, "test/library/debian-tests/list.py");
    const ask = 'python3 "$1" "$2" "$(dpkg --print-architecture)"';
    return z.array(described).parse(JSON.parse(this.#booted.sh(ask, list, this.#source)));
  }

  /** The unit's processes run in the enforced domain from now on. */
  enforce(): void {
    const { name, unit } = this.#daemon;
    const words = [
      ["domain", "reload", name],
      ["domain", "level", name, "enforcing"],
      ["unit", "enable", "--now", unit],
    ];
    for (const one of words) this.#booted.sh('cofferdam "$@"', ...one);
    const domain = domainOfUnit(this.#booted, unit);
    if (domain !== name) throw new Error(`${unit} runs in the domain "${domain}"`);
  }

  /** No test can start the unit any more. */
  mask(): void {
    const { unit } = this.#daemon;
    this.#booted.sh(
      'systemctl mask --now $(systemctl show --value -p TriggeredBy "$1") "$1"',
      unit,
    );
  }

  run({ name, restrictions, depends }: Described): Verdict {
    if (restrictions.includes("build-needed"))
      return { result: "not run", why: "the package would have to be built" };
    try {
      this.#host.fetchFor(depends);
    } catch (error) {
      return { result: "not run", why: `what it depends on cannot be had: ${lastLine(error)}` };
    }
    const words = [this.#source, name, SUMMARY, String(TEST_S)];
    const { out, err } = this.#booted.run("sh", "-c", autopkgtest, "sh", ...words);
    const summary = this.#booted.run("cat", SUMMARY).out;
    return verdictOf(summary, name) ?? { result: "not run", why: lastLine(err || out) };
  }

  /** Since the host's start: what the domain refuses and the daemon's file does not list. */
  refused(): readonly string[] {
    const told = toldOf(this.#daemon.name, this.#booted.run("cat", EVENTS).out);
    return told.filter((one) => !isListed(this.#daemon, one));
  }
}

function lastLine(said: unknown): string {
  const text = said instanceof Error ? said.message : String(said);
  return text.trim().split("\n").at(-1) ?? "";
}
