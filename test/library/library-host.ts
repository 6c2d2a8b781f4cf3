import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { VERSION } from "../../src/cli/version.ts";
import type { Level } from "../../src/model/level.ts";
import { type BootedHost, bootMissing } from "../host/shell-sandbox/booted-host.ts";
import type { Outcome } from "../host/shell-sandbox/etc-host.ts";
import { asDebian, bootRoot, dpkg } from "../package/booted-root.ts";
import { clone, type Packages, sharedPackages } from "../package/packages.ts";
import { rootMissing, ScratchRoot } from "../package/scratch-root.ts";
import { builtBreakIn } from "./break-in.ts";
import { BREAK_IN, type DaemonHost, giveLevelByCommand } from "./daemon-host.ts";

/** Why the library's host cannot be had here, as the end of "skipped, because ...". */
export const hostMissing = (): string | null => rootMissing() ?? bootMissing();

/** Kept from one run to the next. */
const archives = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
  "cofferdam-debian/archives",
);

/** apt, asked nothing; `$@` are its words. */
const apt = `
mkdir -p /srv/source; cd /srv/source
exec env DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes --no-install-recommends \\
  -o APT::Sandbox::User=root -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-unsafe-io \\
  -o Dpkg::Options::=--force-confold -o DPkg::Lock::Timeout=60 "$@"`;

/**
 * apt knows sources of the archives that it has packages of. It is asked often: an image of a
 * container has it forget each time what it has read.
 */
const withSources = `
rm -f /etc/apt/apt.conf.d/docker-clean
cd /etc/apt
for list in sources.list sources.list.d/*.list; do
  [ ! -e "$list" ] || sed -i '/^deb /{p;s/^deb /deb-src /}' "$list"
done
for list in sources.list.d/*.sources; do
  [ ! -e "$list" ] || grep -q '^URIs: file:' "$list" || sed -i 's/^Types: deb$/& deb-src/' "$list"
done`;

/** For one run of apt outside, milliseconds. */
const FETCH_MS = 600_000;

/**
 * A Debian that is booted in namespaces with Cofferdam installed, in which daemons come one after
 * another. What they need is fetched from outside: the host has no network but its own loopback.
 */
export class LibraryHost implements DaemonHost {
  readonly answerMs = 60_000;
  readonly toldMs = 0;
  readonly #root: ScratchRoot;
  readonly booted: BootedHost;

  private constructor(root: ScratchRoot, booted: BootedHost) {
    this.#root = root;
    this.booted = booted;
  }

  static async start(packages: Packages = sharedPackages()): Promise<LibraryHost> {
    const host = await LibraryHost.startBare(packages);
    dpkg(host.booted, "--install", packages.inRoot(VERSION));
    return host;
  }

  /** Cofferdam's packages are there, and not installed. */
  static async startBare(packages: Packages): Promise<LibraryHost> {
    mkdirSync(join(archives, "partial"), { recursive: true });
    const root = await ScratchRoot.start(packages.folder, archives);
    try {
      root.sh(asDebian);
      root.sh('install --mode=0755 "$1" "$2"', builtBreakIn(), BREAK_IN);
      root.sh("cp /etc/resolv.conf /srv/resolv.conf");
      // What manuals there are is nobody's question, and each package would have it answered.
      root.sh("rm -f /var/lib/man-db/auto-update");
      // Images of machines come without the keys that a package makes when it is installed.
      root.sh("[ ! -x /usr/sbin/make-ssl-cert ] || make-ssl-cert generate-default-snakeoil");
      return new LibraryHost(root, await bootRoot(root));
    } catch (error) {
      await root.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.booted.powerOff();
    await this.#root.stop();
  }

  giveLevel(domain: string, level: Level): void {
    giveLevelByCommand(this.booted, domain, level);
  }

  /** The shipped policies are those of the clone as it is now. */
  renewPolicies(): void {
    this.booted.sh('cp -r "$1/domains/." /usr/share/cofferdam/domains', clone);
  }

  /**
   * @throws Error with what apt said, if they cannot be had
   */
  fetch(packages: readonly string[]): void {
    this.#fetch("install", packages);
  }

  /**
   * Installs what satisfies dependencies, written as in a control file.
   * @throws Error with what apt said, if it cannot be had
   */
  satisfy(dependencies: string): void {
    if (dependencies === "") return;
    this.#fetch("satisfy", [dependencies]);
    this.booted.sh(apt, "satisfy", "--no-download", dependencies);
  }

  /** apt knows source packages from now on. */
  listSources(): void {
    this.booted.sh(withSources);
    this.#apt("update");
  }

  /**
   * Into /srv/source; after `listSources`.
   * @throws Error with what apt said, if it cannot be had
   */
  downloadSource(name: string, version: string): void {
    const words = ["--only-source", "--download-only", "source", `${name}=${version}`];
    const { status, out, err } = this.#apt(...words);
    if (status !== 0) throw new Error(`apt has no source of ${name} ${version}: ${out}${err}`);
  }

  #fetch(how: "install" | "satisfy", wanted: readonly string[]): void {
    const look = () => this.#apt("-o", "Debug::NoLocking=1", how, "--download-only", ...wanted);
    // An earlier daemon may have changed where names are looked up.
    this.booted.sh("cat /srv/resolv.conf >/etc/resolv.conf");
    let fetched = look();
    if (fetched.status !== 0) {
      // What this host knows of the archive may be older than the archive.
      this.#apt("update");
      fetched = look();
    }
    if (fetched.status !== 0) throw new Error(`apt cannot fetch: ${fetched.out}${fetched.err}`);
  }

  /** With the network of this machine. */
  #apt(...words: readonly string[]): Outcome {
    return this.#outside(["sh", "-euc", apt, "sh", ...words]);
  }

  /** What this machine has, the host has with it. */
  ensure(packages: readonly string[]): void {
    if (!this.booted.hasPackages(packages)) this.install(packages);
  }

  /** As `fetch` has them, whatever is there. @throws Error with what apt said */
  install(packages: readonly string[]): void {
    this.fetch(packages);
    this.booted.sh(apt, "install", "--no-download", ...packages);
  }

  #outside(words: readonly string[]): Outcome {
    const [program = "", ...args] = this.#root.disk.command(words);
    const { status, stdout, stderr } = spawnSync(program, args, {
      encoding: "utf8",
      timeout: FETCH_MS,
    });
    return { status, out: stdout, err: stderr };
  }
}
