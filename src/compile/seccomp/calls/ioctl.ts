import {
  FIOASYNC,
  inodeRequests,
  socketOwnerRequests,
  terminalRequests,
  wholeFileSystemRequests,
} from "../../../kernel/argument-names.ts";
import { allow, ifOneOf, notify, refuse } from "../../../kernel/system-calls/verdict.ts";
import type { CallRow } from "../call-row.ts";

const refused = { ...terminalRequests, ...wholeFileSystemRequests };

export const ioctlCalls: readonly CallRow[] = [
  {
    calls: ["ioctl"],
    class: "ioctl",
    applies: "listed",
    why: `by the 32 bits the kernel looks at. Refused: ${Object.keys(refused).join(", ")}. Asked about: ${Object.keys(inodeRequests).join(", ")}; ${Object.keys(socketOwnerRequests).join(", ")}, FIOASYNC too where signals are not Landlock's`,
    verdict: (context) => {
      const asked = [
        ...Object.values(inodeRequests),
        ...(context.signalsHeld ? [] : [...Object.values(socketOwnerRequests), FIOASYNC]),
      ];
      return ifOneOf(1, Object.values(refused), refuse, ifOneOf(1, asked, notify, allow));
    },
  },
];
