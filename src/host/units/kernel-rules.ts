import { holdsInKernel } from "../../model/policy.ts";
import { notHeldHere } from "../engine.ts";
import { addition, type Look, note, type Rule, unitConflict } from "./finding.ts";
import { otherRoot } from "./root-rules.ts";
import { isTemplate, property, templateOf, words } from "./unit.ts";

/** A rule for hosts whose domains the bpf-lsm engine holds. */
function forKernel(rule: (look: Look) => ReturnType<Rule>): Rule {
  return (look) => (look.inKernel ? rule(look) : {});
}

const added = forKernel((look) => {
  const entersOnlySo =
    isTemplate(look.unit.name) ||
    templateOf(look.unit.name) !== null ||
    look.commands.some(({ outside }) => outside === "the policy says so");
  return note(
    "the bpf-lsm engine holds the domain: the launcher leads the unit's commands into it and " +
      "adds a filter of system calls at level enforcing" +
      (entersOnlySo ? "" : "; without the filter the unit enters its domain as it is"),
  );
});

const sameRoot = forKernel((look) => {
  const setting = otherRoot(look);
  return setting === null
    ? {}
    : unitConflict(
        `${setting}= shows the unit another tree, whose names the bpf-lsm engine does not grant`,
        `${setting}=`,
      );
});

const socketToAgent = forKernel((look) => {
  const families = words(property(look.unit, "RestrictAddressFamilies"));
  const [first = ""] = families;
  const isDenied = first.startsWith("~");
  const names = families.map((name) => name.replace(/^~/, ""));
  const lacks = families.length > 0 && names.includes("AF_UNIX") === isDenied;
  return lacks && !(isDenied && names.join("") === "")
    ? addition("RestrictAddressFamilies=AF_UNIX", "For the launcher, which asks the agent.")
    : {};
});

/** Of a policy that the landlock engine does not start. */
const elsewhere: Rule = ({ policy, inKernel }) => {
  if (inKernel || !holdsInKernel(policy)) return {};
  const { why, help } = notHeldHere(policy.name);
  return { findings: [{ kind: "conflict", what: `${why}; ${help}`, where: null, lines: [] }] };
};

/** Each is reported separately. */
export const kernelRules: readonly Rule[] = [elsewhere, added, sameRoot, socketToAgent];
