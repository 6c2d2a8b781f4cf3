import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { HostError } from "../host-error.ts";
import { namesIn } from "./login-key.ts";
import type { SshdFiles } from "./sshd-configuration.ts";
import { SSHD_DROP_IN, SSHD_FOLDER, SSHD_MODE } from "./sshd-drop-in.ts";

export const SSHD = "/usr/sbin/sshd";
/** Milliseconds for sshd to read its configuration. */
const SSHD_MS = 10_000;

/**
 * Shows sshd the folder as it would be, in a mount namespace of its own. No other process sees it,
 * and nothing of it is left.
 */
const inView = `
mount -t tmpfs -o mode=0755,size=8m cofferdam "$1"
cp -a "$2/." "$1/"
# Where it is a link, what it leads to is no copy.
rm -f "$1/$4"
cp "$3" "$1/$4"
mount --bind "$1" "$2"
shift 4
mkdir -p /run/sshd
exec "$@"
`;

/** With a drop-in that is not in its place yet. */
export class SshdWith {
  readonly #scratch = mkdtempSync("/run/cofferdam-sshd-");
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    writeFileSync(join(this.#scratch, "drop-in"), text, { mode: SSHD_MODE });
    mkdirSync(join(this.#scratch, "view"));
  }

  remove(): void {
    rmSync(this.#scratch, { recursive: true, force: true });
  }

  /** @throws HostError with sshd's own words if it would not start */
  test(): void {
    const { status, stderr } = this.#run(["-t"]);
    if (status !== 0)
      throw new HostError(
        `sshd would not start with its configuration: ${firstLine(stderr)}`,
        "correct it until `sshd -t` is silent, then try again",
      );
  }

  /** For a login of this user, as sshd prints it: keywords in lower case. */
  effective(user: string): readonly string[] {
    const connection = `user=${user},host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22`;
    const { status, stdout, stderr } = this.#run(["-T", "-C", connection]);
    if (status === 0) return stdout.trimEnd().split("\n");
    throw new HostError(
      `sshd does not print its settings for ${user}: ${firstLine(stderr)}`,
      `try sshd -T -C ${connection}`,
    );
  }

  /** The configuration's files, including the drop-in. */
  get files(): SshdFiles {
    return {
      read: (path) => (path === SSHD_DROP_IN ? this.#text : readFileSync(path, "utf8")),
      list: (folder) => {
        const there = namesIn(folder);
        return folder === SSHD_FOLDER ? [...new Set([...there, basename(SSHD_DROP_IN)])] : there;
      },
    };
  }

  #run(args: readonly string[]): SpawnSyncReturns<string> {
    const view = join(this.#scratch, "view");
    const words = [
      view,
      SSHD_FOLDER,
      join(this.#scratch, "drop-in"),
      basename(SSHD_DROP_IN),
      SSHD,
      ...args,
    ];
    return spawnSync(
      "unshare",
      ["--mount", "--propagation", "private", "--", "sh", "-euc", inView, "sh", ...words],
      {
        encoding: "utf8",
        timeout: SSHD_MS,
      },
    );
  }
}

/** @throws HostError if sshd is missing, or reads no folder of drop-ins */
export function requireSshd(): void {
  if (!existsSync(SSHD))
    throw new HostError(`there is no ${SSHD}`, "install it: apt install openssh-server");
  if (!existsSync(SSHD_FOLDER))
    throw new HostError(
      `there is no ${SSHD_FOLDER}`,
      `make it, and let the first line of /etc/ssh/sshd_config be: Include ${SSHD_FOLDER}/*.conf`,
    );
}

/** The first line says where; those after it only that sshd ended. */
function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}
