import { expect, test } from "vitest";
import { Confinements } from "../../src/domains/confinement.ts";
import { listProcesses } from "../../src/domains/processes.ts";

const none = { runs: [], levelOf: () => null };
const member = { domain: "nginx", number: 49, level: "warning", filter: null } as const;

test("a process that the kernel's engine holds is in its domain, and no other process is", () => {
  const asked: number[] = [];
  const inKernel = (processes: Iterable<number>) => {
    asked.push(...processes);
    return new Map([[process.pid, member]]);
  };
  const listed = listProcesses({ ...none, inKernel, threads: false, details: false });
  expect(asked).toContain(process.pid);
  const held = listed.filter(({ confinement }) => typeof confinement === "object");
  const mine = held.find(({ pid }) => pid === process.pid);
  expect(mine?.confinement).toEqual({
    ...member,
    ...{ run: null, engine: "bpf-lsm", mode: null, holder: null },
  });
  const others = held.map(({ confinement }) => confinement as { engine: string });
  expect(others.filter(({ engine }) => engine === "bpf-lsm")).toHaveLength(1);
});

test("a process that has ended is in no domain of the kernel's engine", () => {
  const gone = 2 ** 22 + 1;
  const inKernel = () => new Map([[gone, member]]);
  const confinements = new Confinements(new Map(), { ...none, inKernel });
  expect(confinements.of(gone)).toBeNull();
});
