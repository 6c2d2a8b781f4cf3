import { ExitCode } from "../../host/exit-code.ts";
import { wordClasses } from "../../kinds/model.ts";
import {
  type Command,
  type Context,
  jsonOption,
  type Options,
  policyOption,
  setOption,
} from "../command.ts";
import { explainRequest } from "../explain/explain-request.ts";
import { hostNames } from "../explain/names.ts";
import { type Explanation, finalDecision, renderExplanation } from "../explain/render.ts";
import { parseRequest } from "../explain/request.ts";
import { toJson } from "../json.ts";
import { requirePolicy } from "../require-policy.ts";

export const explain: Command = {
  name: "explain",
  operands: [
    {
      name: "[words...]",
      description: "DOMAIN OPERATION OBJECT; with --policy no DOMAIN",
    },
  ],
  usage: "[DOMAIN] OPERATION OBJECT...",
  summary: "say whether a domain may do something, and by which rule",
  description: [
    "Uses the function with which the mediator decides. OPERATION and OBJECT are words of " +
      "the policy language: read, write, create, delete, execute, attributes or ioctl PATH; " +
      "rename or link FROM TO; connect or listen tcp|udp ADDRESS:PORT; answer udp PEER:PORT from " +
      "[ADDRESS:]PORT; connect or listen unix " +
      `NAME; netlink, raw, ping, packet, vsock; ${wordClasses.join(", ")}.`,
    "A sealed domain can reach only files that exist at its start. If that changes the answer, " +
      "`explain` shows both: by the policy's text, and for a domain that starts now. For a " +
      "running domain see `plan --drift`.",
    "If it is denied: the name after links (`real`), which of two names is denied (`part`), the " +
      "rule that comes nearest and why it does not apply (`near`), and the line that would allow " +
      "it, which was tried on the policy's text. `also` says what may refuse it beside " +
      "Cofferdam: modes and owners of files, for the policy's `user` (access control lists are " +
      "not looked at), AppArmor, SELinux.",
    "Exit status: 0 granted, 1 denied, by Cofferdam alone.",
  ],
  options: [policyOption, setOption, jsonOption],
  examples: [
    {
      line: "cofferdam explain nginx read /etc/shadow",
      what: "denied, with the line that would allow it",
    },
    { line: "cofferdam explain nginx listen tcp 80", what: "granted, with the rule" },
    {
      line: "cofferdam explain dnsmasq answer udp 10.0.0.7:4000 from 53",
      what: "whether a socket on port 53 may answer a datagram from there",
    },
    {
      line:
        "cofferdam explain redis-server rename /var/lib/redis/temp-1.rdb " +
        "/var/lib/redis/dump.rdb",
      what: "two names",
    },
  ],
  run(context, operands, options) {
    const { domain, words } = split(operands, options);
    const required = requirePolicy(context, domain, options);
    const request = parseRequest(words, hostNames);
    const explanation = explainRequest(context, required, request);
    print(context, explanation, words.join(" "), options);
    return finalDecision(explanation).outcome === "granted" ? ExitCode.ok : ExitCode.no;
  },
};

function split(operands: readonly string[], options: Options) {
  if (options.policy !== undefined) return { domain: undefined, words: operands };
  return { domain: operands[0], words: operands.slice(1) };
}

function print(context: Context, explanation: Explanation, text: string, options: Options): void {
  context.out(
    options.json ? toJson(explanation) : renderExplanation(explanation, text, context.width),
  );
}
