import { describe, expect, test } from "vitest";
import { levels } from "../../../src/model/policy.ts";
import { codesOf, planOf, policy } from "./fixtures.ts";

const alone = policy({ mediation: "kernel" });

describe.each(levels)("`mediation: kernel` at level %s", (level) => {
  test("the landlock engine starts nothing", async () => {
    expect(await codesOf({ ...alone, level })).toEqual(["CFD3014"]);
    await expect(planOf(alone, { level })).rejects.toThrow("only the bpf-lsm engine");
  });

  test("the start of the kernel's engine is that of any other policy", async () => {
    const held = await planOf(alone, { level, inKernel: true, number: 7 });
    const other = await planOf(
      { ...alone, mediation: "sealed" },
      { level, inKernel: true, number: 7 },
    );
    expect({ ...held, mediation: null }).toEqual({ ...other, mediation: null });
  });
});
