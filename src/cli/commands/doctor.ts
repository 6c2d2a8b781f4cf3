import { chosenEngine } from "../../host/engine.ts";
import { ExitCode } from "../../host/exit-code.ts";
import { unseenCapabilities, unseenRefusals } from "../../host/unseen-refusals.ts";
import { probeHost } from "../../kernel/probe/host-facts.ts";
import { type Command, jsonOption } from "../command.ts";
import { toJson } from "../json.ts";
import { renderDoctor, sealingAbility } from "../render/doctor.ts";

export const doctor: Command = {
  name: "doctor",
  operands: [],
  summary: "what this kernel and this user can do",
  description: [
    "Tries each kernel feature that a domain may need, in a temporary process, and says what a " +
      "domain gains by it. It relies on no version number and changes nothing on the host.",
    "It says which engine the host uses, by which setting and probe, and why not the other one.",
    "Exit status: 0 if this host can seal domains, 1 if not, or if it cannot use its engine.",
  ],
  options: [jsonOption],
  examples: [
    { line: "cofferdam doctor", what: "the table for this user" },
    { line: "sudo cofferdam doctor", what: "the table for root" },
  ],
  run(context, _operands, options) {
    const facts = probeHost();
    const unseen = [
      ...unseenRefusals(context.places, facts),
      ...unseenCapabilities(context.places),
    ];
    const engine = chosenEngine(context.places, facts);
    const text = (): string => renderDoctor(facts, engine, context.width, unseen);
    context.out(options.json ? toJson({ ...facts, engine, unseenRefusals: unseen }) : text());
    const able = sealingAbility(facts).state === "able" && engine.lacks === null;
    return able ? ExitCode.ok : ExitCode.no;
  },
};
