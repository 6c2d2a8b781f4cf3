import { expect, test } from "vitest";
import { CommandError } from "../../src/cli/command.ts";
import { explainError } from "../../src/cli/explain-error.ts";
import { runDialect } from "../../src/esxi/dialect.ts";
import { Summary } from "../../src/mediate/report/summary.ts";
import { anEvent } from "../events/an-event.ts";
import { Caller } from "./command-line.ts";

const acting = "\x1b]0;x\x07\x9b1m\u202e";
const shown = (text: string) => text.replaceAll("\n", "");

test("what a daemon calls itself cannot write to the terminal with an error's help", () => {
  for (const form of ["text", "json"] as const) {
    let text = "";
    explainError(
      new CommandError(`no ${acting}`, `end process 1, then: run -- ${acting}\nor not`),
      (more) => {
        text += more;
      },
      form,
    );
    expect(text).toContain("1m");
    expect(shown(text)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  }
});

test("nor in the lines that a run proposes at its end, or in ESXi's messages", async () => {
  const summary = new Summary();
  summary.add(
    anEvent({
      verdict: "warning",
      object: `/${acting}`,
      allow: { section: "files", line: `r /${acting}` },
    }),
  );
  expect(shown(summary.text("tool"))).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  const caller = new Caller();
  let text = "";
  const err = (more: string) => {
    text += more;
  };
  const context = { places: caller.places, out: err, err, width: 80, color: false };
  await runDialect("secpolicytools", ["-D", acting], context);
  await runDialect("constructor", [], context);
  expect(text).toContain("there is no command");
  expect(shown(text)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  caller.remove();
});
