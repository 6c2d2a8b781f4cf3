import { readlinkSync } from "node:fs";
import { hostAccounts } from "../compile/accounts.ts";
import type { Member } from "../domains/membership.ts";
import { readRunRecord } from "../domains/runs.ts";
import { readProcess } from "../events/process-info.ts";
import { ADMINISTRATORS, isAdministrator } from "../host/administrators.ts";
import { kernelMembers } from "../host/kernel-members.ts";
import type { Places } from "../host/places.ts";
import { asksReason } from "../host/supershell-reason.ts";
import { whereabouts } from "../host/whereabouts.ts";
import type { SocketPeer } from "../kernel/peer.ts";
import { unlessGone } from "../kernel/unless-gone.ts";
import type { Level } from "../model/level.ts";
import type { Connection } from "./connection.ts";
import type { Logins } from "./logins.ts";
import { startOutside } from "./outside.ts";
import { shellRunOf } from "./peer.ts";
import { type Outcome, SupershellLog, type Use } from "./supershell-log.ts";
import { parseWords, SUPERSHELL_USAGE, type Words } from "./supershell-words.ts";
import { foreignTerminal } from "./terminal.ts";
import type { Verb } from "./verb.ts";
import type { Request } from "./wire.ts";

const WRONG_USAGE = 2;
const SECOND_MS = 1_000;

/**
 * Starts a root shell in superDom for permitted users. Each use is logged before anything runs, and
 * so is each refusal.
 */
export class Supershell implements Verb {
  readonly kind = "verb";
  readonly #places: Places;
  readonly #logins: Logins;
  readonly #told: SupershellLog;
  readonly #say: (text: string) => void;

  constructor(places: Places, logins: Logins, say: (text: string) => void) {
    this.#places = places;
    this.#logins = logins;
    this.#told = new SupershellLog(places, (error) =>
      say(`refusals could not be logged: ${error}`),
    );
    this.#say = say;
  }

  begin(request: Request, connection: Connection): void {
    const words = parseWords(request.args[0] === "--help" ? [] : request.args);
    if (typeof words === "string") connection.answer(WRONG_USAGE, words);
    else if (request.args[0] === "--help") connection.answer(0, SUPERSHELL_USAGE);
    else this.#judge(words, request, connection);
  }

  turnedAway({ pid, uid }: SocketPeer): void {
    this.#refuse(this.#useOf(pid, uid, { command: null, reason: null }, null), "too many at once");
  }

  close(): void {
    this.#told.close();
  }

  #judge(words: Words, request: Request, connection: Connection): void {
    const { peer, terminals } = connection;
    const at = terminals.findIndex((terminal) => terminal !== 0);
    const terminal = at < 0 ? null : connection.pathOf(at);
    const use = this.#useOf(peer.pid, peer.uid, words, terminal);
    const isUnexplained = words.reason === null && asksReason(this.#places);
    const foreign = terminal === null ? null : foreignTerminal(peer.pid, terminals);
    const wrong = foreign ?? (isUnexplained ? "it takes a --reason on this host" : null);
    const refused = this.#refusalOf(peer) ?? wrong;
    if (refused !== null) {
      this.#refuse(use, refused);
      connection.refuse(`no super shell: ${refused}`);
      return;
    }
    const problem = this.#tell(use, { phase: "started" });
    if (problem !== null) {
      // The record that says "started" may have stayed in the queue and be written later.
      this.#refuse(use, "since the event log could not be written");
      connection.refuse(
        "no super shell: its use could not be logged, because the event log cannot be written: " +
          `${problem}`,
      );
      return;
    }
    const since = performance.now();
    const ended = (status: number): void => {
      const seconds = Math.round((performance.now() - since) / SECOND_MS);
      this.#tell(use, { phase: "ended", status, seconds });
    };
    startOutside({ command: words.command, client: request.env, terminal }, connection, ended);
  }

  /**
   * What /proc says about the peer is valid only if the peer still exists afterwards. {@link
   * shellRunOf} checks that, so it comes last.
   */
  #refusalOf(peer: SocketPeer): string | null {
    const isAllowed = isAdministrator(peer, hostAccounts().groups);
    const run = shellRunOf(peer, this.#places);
    if (typeof run === "string") return run;
    return isAllowed ? null : `it is for root and members of the group ${ADMINISTRATORS}`;
  }

  #useOf(pid: number, uid: number, { command, reason }: Words, terminal: string | null): Use {
    const where = whereabouts(pid, this.#places);
    const member =
      where.kind === "domain" ? where.member : { domain: "superDom", number: 0, run: null };
    return {
      domain: member.domain,
      number: member.number,
      level: (where.kind === "domain" ? this.#levelOf(pid, member) : null) ?? "disabled",
      by: { uid, name: hostAccounts().users.find((user) => user.uid === uid)?.name ?? null },
      process: readProcess(pid),
      command,
      where: {
        terminal:
          terminal === null ? null : (unlessGone(() => readlinkSync(terminal)) ?? "a terminal"),
        origin: (member.run === null ? null : this.#logins.get(member.run)?.origin) ?? null,
        reason,
      },
    };
  }

  #levelOf(pid: number, { run }: Member): Level | null {
    return run === null
      ? (kernelMembers(this.#places, [pid]).get(pid)?.level ?? null)
      : (readRunRecord(this.#places.system.runs, run)?.level ?? null);
  }

  #tell(use: Use, outcome: Outcome): string | null {
    return this.#said(use, this.#told.tell(use, outcome));
  }

  #refuse(use: Use, why: string): void {
    this.#said(use, this.#told.refused(use, why));
  }

  #said(use: Use, problem: string | null): string | null {
    if (problem !== null)
      this.#say(`a use of supershell by user ${use.by.uid} could not be logged: ${problem}`);
    return problem;
  }
}
