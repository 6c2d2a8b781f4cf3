import { type ChildProcess, execFileSync } from "node:child_process";
import { places } from "../../src/host/places.ts";
import { sshdDropIn } from "../../src/host/shell-sandbox/sshd-drop-in.ts";
import { freePort } from "../support/free-port.ts";
import { type SessionHost, said, type TestUser } from "./session-host.ts";

/**
 * A real sshd on loopback with keys of its own, in front of a host's session server or, `plain`, of
 * nothing.
 */
export class Sshd {
  readonly port: number;
  readonly #host: SessionHost;
  readonly #user: TestUser;
  readonly #server: ChildProcess;

  private constructor(host: SessionHost, user: TestUser, port: number, server: ChildProcess) {
    this.#host = host;
    this.#user = user;
    this.port = port;
    this.#server = server;
  }

  /** `user` may log in with {@link key}. */
  static async start(
    host: SessionHost,
    user: TestUser,
    more: readonly string[] = [],
    plain = false,
  ): Promise<Sshd> {
    const key = keyOf(host);
    const port = await freePort();
    const name = plain ? "plain" : "sandboxed";
    const dropIn = host.file(
      `${name}.conf`,
      plain ? "" : sshdDropIn(places({ uid: 0, env: {}, home: host.home })),
    );
    const keys = `/home/${user.name}/.ssh/authorized_keys`;
    host.run(["install", "-D", "-o", user.name, "-m", "0600", `${key}.pub`, keys]);
    const configuration = [
      `Include ${dropIn}`,
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${key}`,
      ...[
        "StrictModes no",
        "UsePAM no",
        "PasswordAuthentication no",
        `AllowUsers ${user.name}`,
        "PidFile none",
      ],
      ...[
        "MaxStartups 200",
        "MaxSessions 200",
        "Subsystem sftp internal-sftp",
        "AcceptEnv LANG LC_*",
        ...more,
      ],
    ];
    const file = host.file(
      `${name}_sshd_config`,
      configuration.map((line) => `${line}\n`).join(""),
    );
    const server = host.spawn(["/usr/sbin/sshd", "-D", "-e", "-f", file]);
    await said(server, "Server listening");
    server.stderr?.resume();
    server.stdout?.resume();
    return new Sshd(host, user, port, server);
  }

  /** Options that every client of this sshd takes. */
  get options(): readonly string[] {
    const known = [
      "StrictHostKeyChecking=no",
      "UserKnownHostsFile=/dev/null",
      "LogLevel=ERROR",
      "BatchMode=yes",
    ];
    return [
      ...["-F", "none", "-i", keyOf(this.#host)],
      ...known.flatMap((option) => ["-o", option]),
    ];
  }

  /** The words of `ssh` to this sshd, with its options and command behind. */
  ssh(options: readonly string[], command: readonly string[] = []): readonly string[] {
    return [
      "ssh",
      ...this.options,
      "-p",
      String(this.port),
      ...options,
      `${this.#user.name}@127.0.0.1`,
      ...command,
    ];
  }

  stop(): void {
    this.#server.kill("SIGTERM");
  }
}

/** One key for host and user; made once. */
export function keyOf(host: SessionHost): string {
  const file = `${host.folder}/key`;
  try {
    execFileSync("test", ["-e", file]);
  } catch {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", file]);
  }
  return file;
}
