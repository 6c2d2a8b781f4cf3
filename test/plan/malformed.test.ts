import { finished } from "node:stream/promises";
import { crc32, createDeflateRaw } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { wordSections } from "../../src/kinds/model.ts";
import { canonicalJson } from "../../src/plan/canonical-json.ts";
import { decodePlan, PlanFormatError } from "../../src/plan/decode.ts";
import { deflated, inflated } from "../../src/plan/deflated.ts";
import { encodePlan } from "../../src/plan/encode.ts";
import {
  align,
  ENTRY_SIZE,
  HEADER_SIZE,
  planLimits,
  SECTION_ALIGNMENT,
  sectionNames,
} from "../../src/plan/layout.ts";
import { sectionRanges } from "../../src/plan/section-ranges.ts";
import { samplePlan } from "./sample.ts";

const plan = encodePlan(samplePlan());

test("every truncation is refused with an offset", () => {
  for (let length = 0; length < plan.length; length++) {
    const error = refusal(plan.slice(0, length));
    expect(error.offset).toBeLessThanOrEqual(plan.length);
  }
});

test("every flipped bit is refused", () => {
  for (let bit = 0; bit < plan.length * 8; bit++) {
    const bytes = plan.slice();
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    refusal(bytes);
  }
});

test("bytes behind the end are refused", () => {
  refusal(new Uint8Array([...plan, 0, 0, 0, 0, 0, 0, 0, 0]));
});

test("with a right checksum too, every change gives a plan or a PlanFormatError", () => {
  let refused = 0;
  for (let at = HEADER_SIZE; at < plan.length; at++) {
    for (const value of [0, 1, 0x7f, 0xff]) {
      const bytes = plan.slice();
      bytes[at] = value;
      refused += outcome(sealed(bytes));
    }
  }
  expect(refused).toBeGreaterThan(100);
});

test("any bytes at all give a plan or a PlanFormatError", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => outcome(bytes) >= 0));
  const changes = fc.array(fc.tuple(fc.nat({ max: plan.length - 1 }), fc.nat({ max: 255 })), {
    maxLength: 20,
  });
  fc.assert(
    fc.property(changes, (list) => {
      const bytes = plan.slice();
      for (const [at, value] of list) bytes[at] = value;
      return outcome(sealed(bytes)) >= 0;
    }),
    { numRuns: 2000 },
  );
});

/** The plan with another text as its last section, which the checksum covers. */
function withMediation(text: string): Uint8Array {
  const { offset } = sectionRanges(plan, (body) => crc32(body)).mediation;
  const section = deflated(new TextEncoder().encode(text));
  const bytes = new Uint8Array(align(offset + section.length, SECTION_ALIGNMENT));
  bytes.set(plan.subarray(0, offset));
  bytes.set(section, offset);
  const view = new DataView(bytes.buffer);
  const entry = HEADER_SIZE + ENTRY_SIZE * sectionNames.indexOf("mediation");
  view.setBigUint64(16, BigInt(bytes.length), true);
  view.setBigUint64(entry + 16, BigInt(section.length), true);
  return sealed(bytes);
}

const mediation = samplePlan().mediation;
const written = (changes: object) => canonicalJson({ ...mediation, ...changes });

test("a plan whose mediation is written anew as it was is the same plan", () => {
  expect(withMediation(written({}))).toEqual(plan);
});

test.each<[string, string, RegExp]>([
  ["cut off", written({}).slice(0, -9), /mediation: it is no JSON, or not all of it/],
  ["empty", "", /mediation: it is empty/],
  ["a list", "[]", /the whole is not an object/],
  [
    "another way to hold sockets",
    written({ sockets: { inet: "maybe", unix: "kernel" } }),
    /`sockets.inet` is none of: kernel, broker, refused/,
  ],
  ["no policy", written({ policy: null }), /`policy` is not an object/],
  [
    "a rule without its source",
    written({ policy: { ...mediation.policy, syscalls: [{ effect: "allow", token: "read" }] } }),
    /`policy.syscalls\[0\]` is not a rule/,
  ],
  ["live as text", written({ live: "yes" }), /`live` is neither true nor false/],
])("mediation that is %s is refused, and the member is named", (_, text, problem) => {
  expect(refusal(withMediation(text)).message).toMatch(problem);
});

test("a plan made before a kind of words existed grants none of its words", () => {
  for (const section of wordSections) {
    const { [section]: _, ...older } = mediation.policy;
    const { policy } = decodePlan(withMediation(written({ policy: older }))).mediation;
    expect(policy).toEqual({ ...mediation.policy, [section]: [] });
  }
});

test("a plan made before late names could be brokered has none brokered", () => {
  const { lateNames: _, ...older } = mediation.policy;
  const { policy } = decodePlan(withMediation(written({ policy: older }))).mediation;
  expect(policy.lateNames).toBe("sealed");
});

test("bytes behind the end of a deflated section are refused", () => {
  const bytes = deflated(Uint8Array.of(1, 2, 3));
  expect(inflated(bytes)).toEqual(Uint8Array.of(1, 2, 3));
  expect(() => inflated(Uint8Array.of(...bytes, 0))).toThrow("1 bytes behind its end");
});

test("a section that inflates beyond the limit is refused before it is held", () => {
  const deflate = createDeflateRaw();
  const chunks: Buffer[] = [];
  const zeros = Buffer.alloc(1 << 20);
  for (let mib = 0; mib <= planLimits.PLAN_INFLATED_MAX >> 20; mib++) deflate.write(zeros);
  deflate.end();
  deflate.on("data", (chunk: Buffer) => chunks.push(chunk));
  return finished(deflate).then(() => {
    expect(() => inflated(Buffer.concat(chunks))).toThrow(/larger than/);
  });
});

function sealed(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer).setUint32(24, crc32(bytes.subarray(HEADER_SIZE)), true);
  return bytes;
}

/** 1 refused, 0 accepted; anything thrown that is no PlanFormatError fails the test. */
function outcome(bytes: Uint8Array): number {
  try {
    decodePlan(bytes);
    return 0;
  } catch (error) {
    expect(error).toBeInstanceOf(PlanFormatError);
    return 1;
  }
}

function refusal(bytes: Uint8Array): PlanFormatError {
  try {
    decodePlan(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(PlanFormatError);
    return error as PlanFormatError;
  }
  throw new Error("accepted");
}
