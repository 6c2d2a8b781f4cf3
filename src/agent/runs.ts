import { readProc, readWords } from "../domains/proc-stat.ts";
import { follows, listRuns, type Run } from "../domains/runs.ts";
import type { NeedsRestart, ShownRun } from "../host/agent-answers.ts";
import { unitOf, wordsOf } from "../host/service-unit.ts";
import type { PolicyInForce } from "./entry.ts";

export function runsOf(folder: string, domain: string, number: number): readonly Run[] {
  return listRuns(folder).filter((run) => run.domain === domain && run.number === number);
}

/** Nothing is shown of a daemon that has ended: another process may have its id. */
export function showRun(run: Run): ShownRun {
  const isAlive = run.daemonState === "alive";
  const command = (isAlive ? readWords(run.pid) : null) ?? "";
  const status = (isAlive ? readProc(`/proc/${run.pid}/status`) : null) ?? "";
  const uid = /^Uid:\t(\d+)/m.exec(status)?.[1];
  return {
    pid: run.pid,
    mode: run.mode,
    live: follows(run),
    levelAtStart: run.level,
    holder: run.holderState,
    daemon: run.daemonState,
    uid: uid === undefined ? null : Number(uid),
    command: command.replace(/\0+$/, "").replaceAll("\0", " "),
    startedAs: wordsOf(command),
  };
}

export function needsRestart(run: Run, policy: PolicyInForce | null): NeedsRestart {
  const { pid, command, startedAs } = showRun(run);
  if (run.daemonState === "gone")
    return {
      pid,
      command,
      how: `its first process has ended: end what \`cofferdam ps\` shows of ${run.domain}`,
    };
  const unit = unitOf(pid, policy?.units ?? []);
  const how =
    unit === null
      ? `end process ${pid}, then start it again: cofferdam run ${run.domain} -- ` +
        `${startedAs ?? "COMMAND"}`
      : `systemctl restart ${unit}`;
  return { pid, command, how };
}
