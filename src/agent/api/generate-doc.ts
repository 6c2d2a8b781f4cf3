import { DOMAIN_NUMBERS_MAX } from "../../domains/live-table-layout.ts";
import { ADMINISTRATORS } from "../../host/administrators.ts";
import {
  BODY_BYTES_MAX,
  CONNECTIONS_MAX,
  CONNECTIONS_OF_USER_MAX,
  CONNECTIONS_OF_USERS_MAX,
  FOR_SECONDS_MAX,
  HEADER_BYTES_MAX,
  REQUEST_WAIT_MAX_MS,
} from "./limits.ts";
import type { Route } from "./route.ts";
import { routes } from "./routes.ts";

export function generateControlApiDoc(): string {
  return `${head}\n${routes.map(section).join("\n")}`;
}

const head = `<!-- Generated from src/agent/api/routes.ts by npm run generate. -->

# Control API

The agent answers HTTP/1.1 with JSON on the unix socket \`/run/cofferdam/control.sock\`:

    curl --unix-socket /run/cofferdam/control.sock http://cofferdam/v1/domains

Paths begin with the version. Within a version, paths and members do not change, but new ones may be
added. Each connection carries one request.

**Peers.** The kernel identifies the process that connected (SO_PEERCRED, SO_PEERPIDFD). The agent
checks it when it connects and again when its request is complete. It refuses mediators and
processes inside any domain before it reads anything. root and members of the group
\`${ADMINISTRATORS}\`, if there is one, may do everything; other users may do what is marked "read".
No text of a request is used as a path: names of domains are checked against the rule for names, and
nothing is decoded.

**Limits**: a head of ${HEADER_BYTES_MAX} bytes, a body of ${BODY_BYTES_MAX},
${REQUEST_WAIT_MAX_MS / 1000} seconds for a request, ${CONNECTIONS_MAX} connections, of users other
than root ${CONNECTIONS_OF_USERS_MAX}, of each of them ${CONNECTIONS_OF_USER_MAX};
${DOMAIN_NUMBERS_MAX - 1} numbers in the life of a host, ${FOR_SECONDS_MAX} seconds for a level with
an end.

**An error** has \`error\`, a sentence, and \`help\`, what to do. Status 400: malformed request;
403: not for this peer; 404: no such thing; 405: not with this method; 409: state of the host is
broken; 413: too long; 500: a fault of the agent, whose messages say more; 503: too many
connections; 507: the disk has no room, and nothing was changed.
`;

function section(route: Route): string {
  const body = route.body.map(
    ({ name, type, required, doc }) =>
      `| \`${name}\` | ${type} | ${required ? "yes" : "no"} | ${doc} |`,
  );
  const answer = route.answer.map(({ name, doc }) => `| \`${name}\` | ${doc} |`);
  return [
    `## ${route.method} ${route.path}`,
    "",
    `${sentence(route.summary)} ${route.access === "read" ? "Read." : "Administrators."}`,
    "",
    ...(body.length === 0
      ? []
      : ["| member of the body | type | required | |", "|---|---|---|---|", ...body, ""]),
    "| member of the answer | |",
    "|---|---|",
    ...answer,
    "",
  ].join("\n");
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
